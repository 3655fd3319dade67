// Calls through everything: the fake carrier, webhooks and media on plain node:http, the call runner, scripted providers.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createVoicewire, nodeListener, type CallRecord, type Voicewire } from '@voicewire/core';
import {
  callTool,
  createScriptedLlm,
  createScriptedStt,
  createScriptedTts,
  readWords,
  speechSound,
  type ScriptedLlm,
  type ScriptedLlmStep,
} from '@voicewire/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTwilioFake, type FakeCall, type TwilioFake, type TwilioFakeOptions } from '../src/fake.js';
import { createTwilioTelephony } from '../src/index.js';

const from = '+14155550100';
const to = '+14155550199';
const desk = '+14155550111';
const mulaw = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
const msPerChar = 40;

let fake: TwilioFake;
/** What those do who are dialled. */
let reaction: NonNullable<TwilioFakeOptions['reaction']>;
let llm: ScriptedLlm;
/** What the model says, in order; then that it is on its way. */
let answers: ScriptedLlmStep[];
let voicewire: Voicewire;
let url: string;
let stop: () => Promise<void>;
/** The server's ends of media sockets. */
let sockets: Duplex[];
let over: CallRecord[];
let warnings: { code: string }[];

beforeEach(async () => {
  reaction = () => 'answer';
  fake = await startTwilioFake({ reaction: (dial) => reaction(dial) });
  answers = [];
  llm = createScriptedLlm({ responses: () => answers.shift() ?? 'it is on its way' });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { accountSid, authToken, url: baseUrl } = fake;
  voicewire = createVoicewire({
    publicUrl,
    telephony: [createTwilioTelephony({ accountSid, authToken, baseUrl })],
    stt: createScriptedStt({ pauseMs: 200 }),
    llm,
    tts: createScriptedTts({ msPerChar }),
    agent: {
      name: 'shop',
      instructions: 'Answer.',
      greeting: 'hello',
      transfers: { desk: { to: desk, description: 'The desk.' } },
    },
  });
  over = [];
  warnings = [];
  sockets = [];
  voicewire.on('call-over', (record) => over.push(record));
  voicewire.on('warning', (warning) => warnings.push(warning));
  const listener = nodeListener(voicewire);
  server.on('request', (request, response) => listener.request(request, response));
  server.on('upgrade', (request, socket, head) => {
    sockets.push(socket);
    listener.upgrade(request, socket, head);
  });
  url = `${publicUrl}/voicewire/twilio/voice`;
  stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
});

afterEach(async () => {
  await fake.close();
  await voicewire.close();
  await stop();
});

const heardText = (call: FakeCall): string =>
  readWords(call.heard, mulaw)
    .map(({ text }) => text)
    .join(' ');

test('a caller is answered, heard, and told', async () => {
  const call = fake.call({ from, to, url });
  await call.until(() => heardText(call).includes('hello'));
  await call.speak(speechSound('where is my order', mulaw, msPerChar));
  await call.until(() => heardText(call).includes('way'));
  call.hangup();
  await call.ended;
  await expect.poll(() => over.length).toBe(1);
  expect(heardText(call)).toMatch(/^hello it is on its way/);
  expect(over[0]).toMatchObject({ callId: call.sid, from, to, direction: 'inbound' });
  expect(call.problems).toEqual([]);
  expect(warnings).toEqual([]);
});

test('a call whose media is lost comes back', async () => {
  const call = fake.call({ from, to, url });
  await call.until(() => heardText(call).includes('hello'));
  sockets[0]?.destroy();
  await call.until(() => call.steps.length === 3 && call.isStreaming);
  await call.until(() => /(hello|off).*(hello|off)/.test(heardText(call)));
  await call.speak(speechSound('where is my order', mulaw, msPerChar));
  await call.until(() => heardText(call).includes('way'));
  call.hangup();
  await call.ended;
  expect(call.steps.map(({ name }) => name)).toEqual(['Connect', 'Redirect', 'Connect']);
  expect(heardText(call).match(/hello/g)).toHaveLength(1);
  expect(call.problems).toEqual(['31921: closed with 1006']);
});

/** A caller who was greeted, and asked for a person. */
async function askForDesk(): Promise<FakeCall> {
  answers = [callTool('transfer_call', { destination: 'desk' }), 'nobody is there'];
  const call = fake.call({ from, to, url });
  await call.until(() => heardText(call).includes('hello'));
  await call.speak(speechSound('a person please', mulaw, msPerChar));
  await call.until(() => call.steps.some(({ name }) => name === 'Dial'));
  return call;
}

/** How a call's parts began and ended, and what became of its transfers. */
const storyOf = (record: CallRecord | undefined): string[] =>
  (record?.events ?? []).flatMap((event) => {
    if (event.type === 'call-ended') return [`ended: ${event.reason}`];
    return event.type === 'call-started' || event.type.startsWith('transfer-') ? [event.type] : [];
  });

test.each(['busy', 'no-answer', 'failed'] as const)(
  'a transfer that ends in %s gives the caller back to the agent, who knows',
  async (outcome) => {
    const dialled: unknown[] = [];
    reaction = (dial) => {
      dialled.push(dial);
      return outcome;
    };
    const call = await askForDesk();
    await call.until(() => heardText(call).includes('nobody is there'));
    call.hangup();
    await call.ended;
    expect(dialled).toEqual([{ from, to: desk }]);
    expect(call.steps.map(({ name }) => name)).toEqual(['Connect', 'Dial', 'Connect']);
    expect(heardText(call).match(/hello/g)).toHaveLength(1);
    expect(llm.requests[1]?.messages.at(-1)).toMatchObject({
      role: 'tool',
      content: expect.stringContaining('It failed') as string,
    });
    await expect.poll(() => voicewire.store.get(call.sid)?.standing).toBe('over');
    expect(storyOf(voicewire.store.get(call.sid))).toEqual([
      'call-started',
      'transfer-started',
      'ended: transferred',
      'call-started',
      'transfer-failed',
      'ended: caller-hung-up',
    ]);
    expect([...call.problems, ...warnings]).toEqual([]);
  },
);

test.each([
  ['the desk', (call: FakeCall) => call.endDial(), ['Connect', 'Dial', 'Hangup']],
  ['the caller', (call: FakeCall) => call.hangup(), ['Connect', 'Dial']],
])('a transfer that is answered ends our part for good: %s hangs up', async (_, hangUp, steps) => {
  const call = await askForDesk();
  await expect.poll(() => over.length).toBe(1);
  expect(call.status).toBe('in-progress');
  hangUp(call);
  await call.ended;
  expect(call.steps.map(({ name }) => name)).toEqual(steps);
  expect(storyOf(voicewire.store.get(call.sid))).toEqual([
    'call-started',
    'transfer-started',
    'ended: transferred',
  ]);
  expect(over).toMatchObject([{ callId: call.sid, standing: 'over' }]);
  expect(llm.requests).toHaveLength(1);
  expect([...call.problems, ...warnings]).toEqual([]);
});

test('we call somebody', async () => {
  const { callId } = await voicewire.dial({ from, to });
  const [call] = fake.calls;
  expect(call?.sid).toBe(callId);
  await call?.until(() => heardText(call).includes('hello'));
  call?.hangup();
  await call?.ended;
  await expect.poll(() => voicewire.store.get(callId)?.standing).toBe('over');
  expect(voicewire.store.get(callId)).toMatchObject({ direction: 'outbound', from, to });
});

test('one who knows no token gets no call', async () => {
  const call = fake.call({ from, to, url });
  await call.until(() => call.isStreaming);
  await fake.calls[0]?.until(() => voicewire.calls.size === 1);
  const twiml = `<Response><Connect><Stream url="${url.replace('http', 'ws').replace(/voice$/, 'media')}"><Parameter name="token" value="guessed"/></Stream></Connect></Response>`;
  const stranger = await dialWith(twiml);
  await stranger.ended;
  expect(voicewire.calls.size).toBe(1);
  expect(warnings).toMatchObject([{ code: 'telephony.unknown_token' }]);
});

/** A call of the same account that follows instructions of its own. */
async function dialWith(twiml: string): Promise<FakeCall> {
  const authorization = `Basic ${Buffer.from(`${fake.accountSid}:${fake.authToken}`).toString('base64')}`;
  const body = new URLSearchParams({ From: from, To: to, Twiml: twiml });
  await fetch(`${fake.url}/2010-04-01/Accounts/${fake.accountSid}/Calls.json`, {
    method: 'POST',
    body,
    headers: { authorization },
  });
  return fake.calls.at(-1) as FakeCall;
}
