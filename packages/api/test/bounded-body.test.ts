// Bodies that break off, and bodies that are larger than they claim: answered before any route sees them.
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { boundedBody } from '../src/bounded-body.js';

const problem = (code: string) => ({ error: { code, message: 'No.' } });
const app = new Hono();
app.use(boundedBody({ maxBytes: 10, tooLarge: problem('large'), brokenOff: problem('broken') }));
app.post('/', async (context) => context.text(await context.req.text()));

async function send(body: string | ReadableStream | null, headers: Record<string, string> = {}) {
  const init = { method: 'POST', body, headers, duplex: 'half' } as RequestInit;
  const response = await app.request('/', init);
  return `${response.status} ${await response.text()}`;
}

it('passes on what fits, whole', async () => {
  expect(await send('0123456789')).toBe('200 0123456789');
  expect(await send(null)).toBe('200 ');
});

it('refuses what is larger, whatever it claims', async () => {
  expect(await send('0123456789x', { 'content-length': '5' })).toMatch(/^413 .*large/);
});

it('takes a body that breaks off for the fault of whoever sent it', async () => {
  const gone = new ReadableStream({ pull: (controller) => controller.error(new TypeError('gone')) });
  expect(await send(gone)).toMatch(/^400 .*broken/);
});
