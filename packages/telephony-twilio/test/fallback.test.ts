// A number whose application is down: the carrier turns to the document the reference server ships, on a plain static host.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createVirtualClock } from '@voicewire/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTwilioFake, type FakeCall, type TwilioFake } from '../src/fake.js';
import { createTwilioTelephony } from '../src/index.js';

const from = '+14155550100';
const to = '+14155550199';
const shipped = new URL('../../../examples/reference-server/fallback.xml', import.meta.url);
const words = /^I am sorry, something went wrong on our side\./;

let fake: TwilioFake;
let clock: ReturnType<typeof createVirtualClock>;
let servers: Server[];
/** Whom the caller was put through to. */
let dialled: string[];
/** What the static host serves, and what it was asked. */
let document: string;
let asked: URL[];
let fallbackUrl: string;

beforeEach(async () => {
  clock = createVirtualClock();
  dialled = [];
  fake = await startTwilioFake({
    clock,
    reaction(dial) {
      dialled.push(dial.to);
      return 'no-answer';
    },
  });
  servers = [];
  asked = [];
  document = await readFile(shipped, 'utf8');
  // As hosts of files are: they give what they have, and take nothing.
  const host = await serve((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://host'));
    if (request.method === 'GET')
      response.writeHead(200, { 'content-type': 'application/xml' }).end(document);
    else response.writeHead(405).end();
  });
  fallbackUrl = `${host}/fallback.xml`;
});

afterEach(async () => {
  for (const server of servers) server.closeAllConnections();
  await fake.close();
  for (const server of servers) server.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const call = (url: string): FakeCall =>
  fake.call({ from, to, url, fallback: { url: fallbackUrl, method: 'GET' } });

const stepsOf = ({ steps }: FakeCall): string[] => steps.map(({ name }) => name);

describe('a caller hears that there is trouble, politely,', () => {
  test.each<[string, RequestListener | undefined, string]>([
    ['is not there', undefined, '11200'],
    ['answers 500', (_, response) => response.writeHead(500).end('oops'), '11200'],
    ['answers what is no TwiML', (_, response) => response.end('<html></html>'), '12300'],
    [
      'answers half of one',
      (_, response) => response.setHeader('content-type', 'text/xml').end('<Response><Say>'),
      '12100',
    ],
  ])('when the application %s', async (_, listener, error) => {
    const url = `${listener === undefined ? 'http://127.0.0.1:9' : await serve(listener)}/voice`;
    const caller = call(url);
    await caller.ended;
    expect(stepsOf(caller)).toEqual(['Say', 'Hangup']);
    expect(caller.steps[0]?.text).toMatch(words);
    expect(caller.status).toBe('completed');
    expect(asked).toHaveLength(1);
    const { pathname, searchParams } = asked[0] ?? new URL('http://none');
    expect(pathname).toBe('/fallback.xml');
    expect(Object.fromEntries(searchParams)).toMatchObject({
      ErrorCode: error,
      ErrorUrl: url,
      CallSid: caller.sid,
    });
  });

  test('when the application does not answer in time, and not before', async () => {
    let isAsked = false;
    const url = await serve(() => (isAsked = true));
    const caller = call(url);
    await expect.poll(() => isAsked).toBe(true);
    await clock.advance(14_999);
    expect(caller.problems).toEqual([]);
    await clock.advance(1);
    await caller.ended;
    expect(caller.problems).toEqual(['11200: no answer in time']);
    expect(caller.steps[0]?.text).toMatch(words);
  });

  test('when it dies in the middle of a call, and nobody is there to ask what comes next', async () => {
    const url = await serve((_, response) =>
      response
        .setHeader('content-type', 'text/xml')
        .end('<Response><Gather timeout="5"/><Redirect>/resume</Redirect></Response>'),
    );
    const caller = call(`${url}/voice`);
    await caller.until(() => caller.steps.length === 1);
    servers.at(-1)?.close();
    servers.at(-1)?.closeAllConnections();
    await clock.advance(5_000);
    await caller.ended;
    expect(stepsOf(caller)).toEqual(['Gather', 'Redirect', 'Say', 'Hangup']);
  });
});

test('a caller is put through by a document of one’s own, and hears a goodbye when nobody is there', async () => {
  const adapter = createTwilioTelephony({ accountSid: 'AC1', authToken: 'token' });
  const response = adapter.respond?.([
    { type: 'say', text: 'One moment.' },
    { type: 'dial', to: '+14155550111' },
    { type: 'say', text: 'Goodbye.' },
    { type: 'hangup' },
  ]);
  expect(response?.headers.get('content-type')).toMatch(/^text\/xml/);
  document = (await response?.text()) ?? '';
  const caller = call('http://127.0.0.1:9/voice');
  await caller.ended;
  expect(stepsOf(caller)).toEqual(['Say', 'Dial', 'Say', 'Hangup']);
  expect(dialled).toEqual(['+14155550111']);
});

test('an application that answers needs no fallback', async () => {
  const url = await serve((_, response) =>
    response.setHeader('content-type', 'text/xml').end('<Response><Hangup/></Response>'),
  );
  const caller = call(url);
  await caller.ended;
  expect(stepsOf(caller)).toEqual(['Hangup']);
  expect(asked).toEqual([]);
});

test.each([
  ['without a fallback', undefined],
  ['with one that is not served either', { url: 'http://127.0.0.1:9/fallback.xml' }],
])('%s the call fails, once', async (_, fallback) => {
  const url = 'http://127.0.0.1:9/voice';
  const caller = fake.call({ from, to, url, ...(fallback === undefined ? {} : { fallback }) });
  await caller.ended;
  expect(caller.status).toBe('failed');
  expect(caller.problems).toHaveLength(fallback === undefined ? 1 : 2);
  expect(caller.steps).toEqual([]);
});

test('a host of files refuses a POST: the number has to say GET', async () => {
  const caller = fake.call({ from, to, url: 'http://127.0.0.1:9/voice', fallback: { url: fallbackUrl } });
  await caller.ended;
  expect(caller.status).toBe('failed');
  expect(caller.problems[1]).toMatch(/405/);
});
