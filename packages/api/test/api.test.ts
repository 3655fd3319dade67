// The REST API as its users meet it: each route, what it refuses, the live log, the documents.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Validator } from '@seriousme/openapi-schema-validator';
import {
  createMemoryCallStore,
  createVoicewire,
  nodeListener,
  type CallRecord,
  type TelephonyAdapter,
  type Voicewire,
} from '@voicewire/core';
import {
  createScriptedLlm,
  createScriptedStt,
  createScriptedTts,
  simulatedCapabilities,
} from '@voicewire/testing';
import { createTwilioTelephony } from '@voicewire/telephony-twilio';
import { startTwilioFake, type TwilioFake } from '@voicewire/telephony-twilio/fake';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApi, type Api } from '../src/index.js';

const numbers = { to_number: '+14155550199', from_number: '+14155550100' };

let fake: TwilioFake;
let voicewire: Voicewire;
let api: Api;
let stop: () => Promise<void>;

beforeEach(async () => {
  fake = await startTwilioFake();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { accountSid, authToken, url: baseUrl } = fake;
  voicewire = createVoicewire({
    publicUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    telephony: [createTwilioTelephony({ accountSid, authToken, baseUrl })],
    stt: createScriptedStt(),
    llm: createScriptedLlm({ responses: () => 'yes' }),
    tts: createScriptedTts({ msPerChar: 40 }),
    agent: { name: 'shop', instructions: 'Answer.', greeting: 'hello' },
    maxCalls: 2,
  });
  const { request, upgrade } = nodeListener(voicewire);
  server.on('request', (incoming, response) => {
    request(incoming, response);
  });
  server.on('upgrade', (incoming, socket, head) => {
    upgrade(incoming, socket, head);
  });
  api = createApi({ voicewire, maxCalls: 2 });
  stop = async () => {
    await fake.close();
    await voicewire.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
});

afterEach(() => stop());

async function ask(path: string, init?: RequestInit) {
  const response = await api.fetch(new Request(`http://localhost:8080${path}`, init));
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('application/json') === true;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

const dial = (extra: object = {}) => ask('/api/v1/calls', post({ ...numbers, ...extra }));

/** A record as a finished call leaves it. */
function finished(events: CallRecord['events'], callId = 'over'): CallRecord {
  return {
    callId,
    provider: 'twilio',
    direction: 'inbound',
    from: '+14155550100',
    to: '+14155550199',
    context: {},
    standing: 'over',
    events,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:01:00.000Z',
  };
}

const conversation = [
  {
    type: 'transcript-final',
    track: 'caller',
    text: 'where is it',
    startMs: 0,
    endMs: 900,
    words: [],
    promoted: false,
  },
  { type: 'agent-heard', turnId: 1, text: 'On its', outcome: 'interrupted', playedMs: 300 },
  {
    type: 'transcript-final',
    track: 'agent',
    text: 'a person says',
    startMs: 0,
    endMs: 900,
    words: [],
    promoted: false,
  },
  { type: 'call-ended', reason: 'caller-hung-up', durationMs: 60_000 },
].map((body, index) => ({
  ...body,
  version: 1,
  seq: index + 1,
  atMs: index * 1_000,
})) as CallRecord['events'];

describe('calls', () => {
  it('are placed, listed, read and ended', async () => {
    const placed = await dial({ context: { order: 7 } });
    expect(placed).toMatchObject({ status: 201, body: { direction: 'outbound', ...numbers } });
    const { id } = placed.body;
    const [call] = fake.calls;
    await call?.until(() => call.isStreaming);
    await expect.poll(() => voicewire.calls.has(id)).toBe(true);
    expect((await ask(`/api/v1/calls/${id}`)).body).toMatchObject({ id, status: 'live', provider: 'twilio' });
    expect((await ask('/api/v1/calls?limit=1')).body.calls).toMatchObject([{ id }]);
    expect(voicewire.store.get(id)?.context).toEqual({ order: 7 });
    const ended = await ask(`/api/v1/calls/${id}`, { method: 'DELETE' });
    expect(ended).toMatchObject({ status: 200, body: { status: 'over', end_reason: 'agent-hung-up' } });
    await call?.ended;
    expect(call?.status).toBe('completed');
  });

  it('that still ring are ended too', async () => {
    voicewire.store.put({ ...finished([], 'ringing'), standing: 'expected' });
    await ask('/api/v1/calls/ringing', { method: 'DELETE' });
    expect(voicewire.store.get('ringing')?.standing).toBe('over');
    expect(fake.commands.map(({ path }) => path)).toEqual([expect.stringMatching(/Calls\/ringing\.json$/)]);
  });

  it('have a transcript of what was said and heard', async () => {
    voicewire.store.put(finished(conversation));
    expect((await ask('/api/v1/calls/over/transcript')).body).toEqual({
      id: 'over',
      lines: [
        { speaker: 'caller', track: 'caller', text: 'where is it', at_ms: 0 },
        { speaker: 'agent', text: 'On its', at_ms: 1_000, interrupted: true },
        { speaker: 'agent', track: 'agent', text: 'a person says', at_ms: 2_000 },
      ],
    });
    expect((await ask('/api/v1/calls/over')).body).toMatchObject({
      end_reason: 'caller-hung-up',
      duration_ms: 60_000,
      ended_at: '2026-01-01T00:01:00.000Z',
    });
  });

  it.each(['/api/v1/calls/nobody', '/api/v1/calls/nobody/transcript', '/api/v1/calls/nobody/events'])(
    'nobody knows are 404: %s',
    async (path) => {
      expect(await ask(path)).toMatchObject({ status: 404, body: { error: { code: 'api.not_found' } } });
    },
  );

  it('one too many are 503', async () => {
    await dial();
    await dial();
    await expect.poll(() => voicewire.calls.size).toBe(2);
    expect(await dial()).toMatchObject({ status: 503, body: { error: { code: 'call.busy' } } });
  });

  it('of a tenant that has spent what it may are 503', async () => {
    const prices = { stt: { scripted: { perMinute: 0 } }, telephony: { twilio: { perMinute: 0 } } };
    voicewire.reload({ stt: createScriptedStt(), prices, spending: { perTenant: 0 } });
    expect(await dial()).toMatchObject({ status: 503, body: { error: { code: 'call.spending_limit' } } });
  });

  it('the carrier refuses are 502, and its answer quotes no number', async () => {
    fake.misbehave({ type: 'refuse', status: 429, error: 20429 });
    const refused = await dial();
    expect(refused).toMatchObject({ status: 502, body: { error: { code: 'provider.rate_limit' } } });
    expect(JSON.stringify(refused.body)).not.toContain('4155550');
  });
});

describe('a request', () => {
  const deep = (depth: number): unknown => (depth === 0 ? 1 : { a: deep(depth - 1) });

  it.each<[string, RequestInit]>([
    ['unknown key', post({ ...numbers, to: '+1' })],
    ['missing key', post({ to_number: '+14155550199' })],
    ['number that is none', post({ ...numbers, to_number: '0800 flowers' })],
    ['context that is none', post({ ...numbers, context: [1] })],
    ['context nested too deep', post({ ...numbers, context: deep(20) })],
    ['no JSON', post('{')],
    ['no body', { method: 'POST', headers: { 'content-type': 'application/json' } }],
  ])('that is wrong is refused, and nobody is called: %s', async (_, init) => {
    expect(await ask('/api/v1/calls', init)).toMatchObject({
      status: 400,
      body: { error: { code: 'api.invalid_request', message: expect.any(String) } },
    });
    expect(fake.commands).toEqual([]);
  });

  it('that is no JSON, as any page elsewhere could make a browser send, calls nobody', async () => {
    const form = post(JSON.stringify(numbers), { 'content-type': 'text/plain' });
    expect(await ask('/api/v1/calls', form)).toMatchObject({ status: 415 });
    expect(fake.commands).toEqual([]);
  });

  it('names what is wrong', async () => {
    const { body } = await ask('/api/v1/calls', post({ ...numbers, to_number: '1', colour: 'red' }));
    expect(body.error.message).toMatch(/to_number.*E\.164/);
    expect(body.error.message).toContain('colour');
    expect((await ask('/api/v1/calls?limit=0')).status).toBe(400);
  });

  it('that is too large is refused', async () => {
    const init = post({ ...numbers, context: { text: 'x'.repeat(70_000) } });
    expect(await ask('/api/v1/calls', init)).toMatchObject({
      status: 413,
      body: { error: { code: 'api.too_large' } },
    });
  });

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:8080', '10.0.0.1'])(
    'to another host is refused everywhere: %s',
    async (host) => {
      for (const path of ['/api/v1/calls', '/health', '/docs', '/openapi.json', '/nothing']) {
        expect(await ask(path, { headers: { host } })).toMatchObject({
          status: 403,
          body: { error: { code: 'api.unknown_host' } },
        });
      }
    },
  );

  it('to a host that was named is welcome', async () => {
    const open = createApi({ voicewire, allowedHosts: ['voice.example'] });
    const to = (host: string) => open.fetch(new Request('http://x/health', { headers: { host } }));
    expect((await to('voice.example:443')).status).toBe(200);
    expect((await to('[::1]:8080')).status).toBe(200);
    expect((await to('x')).status).toBe(403);
  });

  it('to a path that is not there is 404', async () => {
    expect(await ask('/nothing')).toMatchObject({ status: 404, body: { error: { code: 'api.not_found' } } });
  });
});

describe('health', () => {
  it('is alive, and ready until it is full or drained', async () => {
    expect(await ask('/health')).toMatchObject({
      status: 200,
      body: { status: 'ok', calls: 0, max_calls: 2 },
    });
    expect((await ask('/health/ready')).status).toBe(200);
    await dial();
    await dial();
    await expect.poll(() => voicewire.calls.size).toBe(2);
    const { body } = await ask('/health');
    const fine: unknown = expect.objectContaining({ stage: 'telephony', state: 'closed', retry_after_ms: 0 });
    const providers: unknown = expect.arrayContaining([fine]);
    expect(body).toMatchObject({ providers });
    expect(await ask('/health/ready')).toMatchObject({ status: 503, body: { status: 'full', providers } });
    api.drain();
    expect(await ask('/health/ready')).toMatchObject({ status: 503, body: { status: 'closing' } });
    expect((await ask('/health/live')).status).toBe(200);
  });
});

interface Message {
  readonly id: number;
  readonly event: { readonly type: string };
}

/** Reads messages until the stream ends, or until there are enough. */
async function readEvents(
  path: string,
  lastEventId?: number,
  enough = Infinity,
): Promise<readonly Message[]> {
  const headers: Record<string, string> =
    lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) };
  const response = await api.fetch(new Request(`http://localhost${path}`, { headers }));
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const messages: Message[] = [];
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += new TextDecoder().decode(chunk);
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, id, data = ''] = /^id: (\d+)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
      messages.push({ id: Number(id), event: JSON.parse(data) });
      text = text.slice(end + 2);
    }
    if (messages.length >= enough) break;
  }
  return messages;
}

describe('the live log', () => {
  it('begins at the beginning, goes on to the end, and can be taken up again', async () => {
    const { id } = (await dial()).body;
    const reading = readEvents(`/api/v1/calls/${id}/events`);
    await expect.poll(() => voicewire.calls.get(id)?.snapshot().length ?? 0).toBeGreaterThan(3);
    const early = await readEvents(`/api/v1/calls/${id}/events`, undefined, 2);
    expect(early.map((message) => message.id)).toEqual([1, 2]);
    voicewire.calls.get(id)?.hangup({ now: true });
    const all = await reading;
    expect(all[0]).toMatchObject({ id: 1, event: { type: 'call-started' } });
    expect(all.at(-1)?.event.type).toBe('call-ended');
    expect(all.map((message) => message.id)).toEqual(all.map((_, index) => index + 1));
    const rest = await readEvents(`/api/v1/calls/${id}/events`, all.at(-3)?.id);
    expect(rest.map((message) => message.id)).toEqual(all.slice(-2).map((message) => message.id));
  });

  it('of a call that is over and read is 204, so that browsers do not ask for ever', async () => {
    voicewire.store.put(finished(conversation));
    expect((await readEvents('/api/v1/calls/over/events', 2)).map(({ id }) => id)).toEqual([3, 4]);
    const again = await ask('/api/v1/calls/over/events', { headers: { 'last-event-id': '4' } });
    expect(again.status).toBe(204);
    expect((await readEvents('/api/v1/calls/over/events', -5)).map(({ id }) => id)).toEqual([1, 2, 3, 4]);
  });

  it('waits for a call that is on its way, and for one that was interrupted', async () => {
    const carrier: TelephonyAdapter = {
      kind: 'telephony',
      specVersion: 1,
      provider: 'carrier',
      healthKey: 'carrier',
      capabilities: simulatedCapabilities,
      control: {},
    };
    const store = createMemoryCallStore();
    const waiting = createVoicewire({
      publicUrl: 'http://localhost',
      telephony: [carrier],
      stt: 'media',
      store,
    });
    store.put({ ...finished(conversation.slice(0, 2), 'lost'), standing: 'interrupted' });
    const controller = new AbortController();
    const request = new Request('http://localhost/api/v1/calls/lost/events', { signal: controller.signal });
    const response = await createApi({ voicewire: waiting }).fetch(request);
    const reader = response.body?.getReader();
    const first = await reader?.read();
    const second = await reader?.read();
    expect([first, second].map((part) => new TextDecoder().decode(part?.value).split('\n')[0])).toEqual([
      'id: 1',
      'id: 2',
    ]);
    let isSettled = false;
    const third = reader?.read().then(
      () => (isSettled = true),
      () => undefined,
    );
    await new Promise(setImmediate);
    expect(isSettled).toBe(false);
    controller.abort();
    await reader?.cancel();
    await third;
    await waiting.close();
  });
});

describe('the documents', () => {
  it('describe every route in valid OpenAPI', async () => {
    const { body } = await ask('/openapi.json');
    expect(await new Validator().validate(body)).toMatchObject({ valid: true });
    expect(Object.keys(body.paths)).toEqual([
      '/api/v1/calls',
      '/api/v1/calls/{id}',
      '/api/v1/calls/{id}/transcript',
      '/api/v1/calls/{id}/events',
      '/health',
      '/health/live',
      '/health/ready',
    ]);
    expect(body.components.schemas.DialRequest).toMatchObject({ additionalProperties: false });
  });

  it('come whole from here, under a policy that allows nothing else', async () => {
    const page = await ask('/docs');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/https?:|\*/);
    expect(String(page.body)).not.toMatch(/(src|href)="(https?:)?\/\//);
    const script = await ask('/docs/viewer.js');
    expect(script.headers.get('content-type')).toContain('javascript');
    expect(String(script.body).length).toBeGreaterThan(100_000);
  });
});
