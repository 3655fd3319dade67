// The fake-server engine, driven by clients that are not ours: `ws` and the global fetch.
import { once } from 'node:events';
import {
  fakeApiKey,
  readWords,
  speechSound,
  startTtsFake,
  timedWords,
  type ProviderFake,
  type TtsDialect,
} from '@voicewire/testing';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { startAcmeLlmFake } from './reference/llm/fake.js';
import { startAcmeSttFake } from './reference/stt/fake.js';
import { startAcmeTtsFake } from './reference/tts/fake.js';

const telephone = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
const headers = { authorization: `Bearer ${fakeApiKey}` };
const formatQuery = 'encoding=mulaw&sample_rate=8000';

let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.map(async (close) => close()));
  closing = [];
});

async function started<Fake extends { close(): Promise<void> }>(starting: Promise<Fake>): Promise<Fake> {
  const fake = await starting;
  closing.push(() => fake.close());
  return fake;
}

interface Client {
  readonly socket: WebSocket;
  readonly messages: Record<string, unknown>[];
  readonly closed: Promise<number>;
}

async function connect(fake: ProviderFake<unknown>, path: string): Promise<Client> {
  const socket = new WebSocket(`${fake.wsUrl}${path}`, { headers });
  const messages: Record<string, unknown>[] = [];
  socket.on('message', (data: Buffer) =>
    messages.push(JSON.parse(data.toString()) as Record<string, unknown>),
  );
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await once(socket, 'open');
  return { socket, messages, closed };
}

/** The status of a refused upgrade. */
async function refusedStatus(
  url: string,
  options: WebSocket.ClientOptions = { headers },
): Promise<[number, unknown]> {
  const socket = new WebSocket(url, options);
  socket.on('error', () => {});
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    { statusCode: number; headers: object },
  ];
  return [response.statusCode, response.headers];
}

const types = (messages: readonly Record<string, unknown>[]): unknown[] => messages.map(({ type }) => type);

describe('a speech-to-text fake', () => {
  it('recognises its script by audio time, decides at pauses, flush and end, and says goodbye', async () => {
    const fake = await started(
      startAcmeSttFake({ script: [...timedWords('one two'), ...timedWords('three', { startMs: 1500 })] }),
    );
    const { socket, messages, closed } = await connect(
      fake,
      `/v1/listen?${formatQuery}&language=de&keyterm=a&keyterm=b`,
    );
    socket.send(new Uint8Array(8 * 1200));
    socket.send(new Uint8Array(8 * 400));
    socket.send('{"type":"flush"}');
    socket.send(new Uint8Array(8 * 200));
    socket.send('{"type":"end"}');
    expect(await closed).toBe(1000);

    expect(types(messages)).toEqual([
      ...['ready', 'speech-start', 'partial', 'partial', 'final', 'speech-end', 'turn-end', 'speech-start'],
      ...['final', 'flushed', 'partial', 'final', 'goodbye'],
    ]);
    const finals = messages.filter(({ type }) => type === 'final');
    expect(finals.map(({ text, settledMs, cause }) => [text, settledMs, cause])).toEqual([
      ['one two', 1020, 'pause'],
      ['', 1600, 'flush'],
      ['three', 1800, 'end'],
    ]);
    expect(fake.sessions[0]?.heard).toMatchObject({
      audioMs: 1800,
      asked: { language: 'de', keyterms: ['a', 'b'] },
      controls: ['flush', 'end'],
    });
    await fake.until(() => fake.sessions[0]?.ended !== undefined);
    expect(fake.sessions[0]?.ended).toMatchObject({ by: 'fake', code: 1000 });
  });

  it('hears what is said in word-coded sound', async () => {
    const fake = await started(startAcmeSttFake({ script: 'sound' }));
    const { socket, messages, closed } = await connect(fake, `/v1/listen?${formatQuery}`);
    const sound = speechSound('where is my order', telephone);
    for (let start = 0; start < sound.length; start += 160) socket.send(sound.subarray(start, start + 160));
    socket.send('{"type":"end"}');
    await closed;
    const text = messages.filter(({ type }) => type === 'final').map((final) => final['text']);
    expect(text.join(' ')).toBe('where is my order');
  });

  it('refuses wrong keys, wrong paths and one session too many, and closes on the unreadable', async () => {
    const fake = await started(startAcmeSttFake({ maxSessions: 1 }));
    expect(
      (await refusedStatus(`${fake.wsUrl}/v1/listen`, { headers: { authorization: 'Bearer wrong' } }))[0],
    ).toBe(401);
    expect((await refusedStatus(`${fake.wsUrl}/v2/listen`))[0]).toBe(404);
    const { socket, closed } = await connect(fake, `/v1/listen?${formatQuery}`);
    expect((await refusedStatus(`${fake.wsUrl}/v1/listen`))[0]).toBe(429);
    socket.send('{"type":"sing"}');
    expect(await closed).toBe(1003);
    await fake.until(() => fake.connections === 0);
  });

  it('closes idle sockets', async () => {
    const fake = await started(startAcmeSttFake({ idleMs: 20 }));
    const { closed } = await connect(fake, `/v1/listen?${formatQuery}`);
    expect(await closed).toBe(1000);
  });
});

describe('misbehaviour on a socket', () => {
  it('refuses as often as asked, with Retry-After, and then behaves', async () => {
    const fake = await started(startAcmeSttFake());
    const fault = fake.misbehave({ type: 'refuse', status: 429, retryAfterMs: 2000 }, { times: 2 });
    const [status, responseHeaders] = await refusedStatus(`${fake.wsUrl}/v1/listen`);
    expect([status, responseHeaders]).toEqual([429, expect.objectContaining({ 'retry-after': '2' })]);
    expect((await refusedStatus(`${fake.wsUrl}/v1/listen`))[0]).toBe(429);
    expect(fault.count).toBe(2);
    const { socket } = await connect(fake, `/v1/listen?${formatQuery}`);
    expect(fault.count).toBe(2);
    socket.close();
    expect(fake.requests).toHaveLength(3);
  });

  it('leaves an upgrade unanswered', async () => {
    const fake = await started(startAcmeSttFake());
    fake.misbehave({ type: 'black-hole' });
    const socket = new WebSocket(`${fake.wsUrl}/v1/listen`, { headers });
    socket.on('error', () => {});
    await fake.until(() => fake.requests.length === 1);
    expect(socket.readyState).toBe(WebSocket.CONNECTING);
    expect([fake.connections, fake.sessions.length]).toEqual([1, 0]);
    socket.terminate();
    await fake.until(() => fake.connections === 0);
  });

  it.each([
    [{ type: 'close-on-open', code: 1008 }, 1008, []],
    [{ type: 'close', code: 1011, afterEvents: 2 }, 1011, ['ready', 'speech-start', 'partial']],
    [{ type: 'reset', afterEvents: 1 }, 1006, ['ready', 'speech-start']],
    [{ type: 'silent-eof', afterEvents: 1 }, 1000, ['ready', 'speech-start']],
    [
      { type: 'early-end' },
      1000,
      ['ready', 'speech-start', 'partial', 'partial', 'final', 'speech-end', 'turn-end'],
    ],
    [{ type: 'unknown-type', afterEvents: 1 }, 1000, ['ready', 'speech-start', 'not-yet-invented']],
    [{ type: 'huge', afterEvents: 1, bytes: 1000 }, 1000, ['ready', 'speech-start', 'huge']],
  ] as const)('%o', async (misbehaviour, code, said) => {
    const fake = await started(startAcmeSttFake({ script: timedWords('one two') }));
    const fault = fake.misbehave(misbehaviour);
    const { socket, messages, closed } = await connect(fake, `/v1/listen?${formatQuery}`);
    socket.send(new Uint8Array(8 * 2000));
    socket.send('{"type":"end"}');
    expect(await closed).toBe(code);
    expect(types(messages).slice(0, said.length)).toEqual(said);
    if (code !== 1000 || misbehaviour.type === 'early-end') expect(messages).toHaveLength(said.length);
    expect(fault.count).toBe(1);
  });

  it.each(['mute', 'stall'] as const)('%s: open and silent', async (type) => {
    const fake = await started(startAcmeSttFake());
    fake.misbehave({ type });
    const { socket, messages } = await connect(fake, `/v1/listen?${formatQuery}`);
    socket.send(new Uint8Array(8 * 2000));
    await fake.until(() => fake.sessions[0]?.heard.audioMs === 2000);
    // A ping is answered after everything said before it.
    socket.ping();
    await once(socket, 'pong');
    expect(types(messages)).toEqual(type === 'mute' ? [] : ['ready']);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.close();
  });

  it('stops reading', async () => {
    const fake = await started(startAcmeSttFake());
    fake.misbehave({ type: 'stop-reading' });
    const { socket, messages } = await connect(fake, `/v1/listen?${formatQuery}`);
    while (messages.length === 0) await once(socket, 'message');
    for (let sent = 0; sent < 64; sent += 1) socket.send(new Uint8Array(1024 * 1024));
    expect(socket.bufferedAmount).toBeGreaterThan(1024 * 1024);
    expect(fake.sessions[0]?.heard.audioBytes).toBe(0);
    socket.terminate();
  });

  it('sends garbage and bytes where text is due, and a live session can be told to go wrong', async () => {
    const fake = await started(startAcmeSttFake());
    const socket = new WebSocket(`${fake.wsUrl}/v1/listen?${formatQuery}`, { headers });
    const frames: [string, boolean][] = [];
    socket.on('message', (data: Buffer, isBinary: boolean) => frames.push([data.toString(), isBinary]));
    const closed = once(socket, 'close');
    await once(socket, 'open');
    await fake.until(() => fake.sessions[0]?.sentCount === 1);
    fake.sessions[0]?.misbehave({ type: 'garbage' });
    fake.sessions[0]?.misbehave({ type: 'binary' });
    fake.sessions[0]?.misbehave({ type: 'close', code: 1012 });
    expect((await closed)[0]).toBe(1012);
    expect(() => JSON.parse(frames[1]?.[0] ?? '{}') as unknown).toThrow();
    expect(frames[2]?.[1]).toBe(true);
  });
});

describe('a text-to-speech fake', () => {
  it('speaks what it is given, word by word, and marks the end', async () => {
    const fake = await started(startAcmeTtsFake());
    const { socket, messages } = await connect(fake, `/v1/speak?${formatQuery}`);
    socket.send('{"type":"text","id":"a","text":"hello my ","voice":"ada"}');
    socket.send('{"type":"text","id":"a","text":"friend"}');
    socket.send('{"type":"end","id":"a"}');
    await fake.until(() => fake.sessions[0]?.heard.utterances[0]?.state === 'complete');
    while (messages.at(-1)?.['type'] !== 'final') await once(socket, 'message');

    const pieces = messages.filter(({ type }) => type === 'audio');
    const audio = Buffer.concat(pieces.map((piece) => Buffer.from(piece['audio'] as string, 'base64')));
    expect(readWords(audio, telephone)).toEqual([
      { text: 'hello', startMs: 0, endMs: 300 },
      { text: 'my', startMs: 360, endMs: 480 },
      { text: 'friend', startMs: 540, endMs: 900 },
    ]);
    expect(pieces.flatMap((piece) => piece['words'])).toEqual([
      { textStart: 0, textEnd: 5, startMs: 0, endMs: 300 },
      { textStart: 6, textEnd: 8, startMs: 360, endMs: 480 },
      { textStart: 9, textEnd: 15, startMs: 540, endMs: 900 },
    ]);
    expect(fake.sessions[0]?.heard.utterances).toEqual([
      {
        id: 'a',
        asked: expect.objectContaining({ voice: 'ada' }) as object,
        text: 'hello my friend',
        spokenMs: 900,
        state: 'complete',
      },
    ]);
    socket.close();
  });

  it('waits for a flush while there is little text, stops on cancel with audio still on its way, and finishes on close', async () => {
    const fake = await started(startAcmeTtsFake({ latePieces: 2 }));
    const { socket, messages, closed } = await connect(fake, `/v1/speak?${formatQuery}`);
    socket.send('{"type":"text","id":"a","text":"hello"}');
    await fake.until(() => fake.sessions[0]?.heard.controls.length === 2);
    expect(messages).toEqual([]);
    socket.send('{"type":"flush","id":"a"}');
    await once(socket, 'message');
    fake.sessions[0]?.misbehave({ type: 'slow', delayMs: 20 });
    socket.send(
      '{"type":"text","id":"a","text":" and a very long sentence that goes on for a while longer"}',
    );
    socket.send('{"type":"end","id":"a"}');
    await once(socket, 'message');
    const before = messages.length;
    socket.send('{"type":"cancel","id":"a"}');
    socket.send('{"type":"text","id":"b","text":"next"}');
    socket.send('{"type":"close"}');
    expect(await closed).toBe(1000);
    const late = messages.slice(before).filter(({ type, id }) => type === 'audio' && id === 'a');
    expect(late.length).toBeGreaterThanOrEqual(2);
    expect(late.length).toBeLessThan(6);
    expect(messages.filter(({ type }) => type === 'final')).toEqual([{ type: 'final', id: 'b' }]);
    expect(types(messages).at(-1)).toBe('goodbye');
  });

  it('counts open utterances and leaves the final marker out on demand', async () => {
    const fake = await started(startAcmeTtsFake());
    fake.misbehave({ type: 'early-end' });
    const { socket, messages, closed } = await connect(fake, `/v1/speak?${formatQuery}`);
    for (const id of ['a', 'b', 'c', 'd']) socket.send(JSON.stringify({ type: 'text', id, text: 'x' }));
    while (messages.at(-1)?.['type'] !== 'over-capacity') await once(socket, 'message');
    expect(messages.at(-1)).toEqual({ type: 'over-capacity', id: 'd' });
    socket.send('{"type":"end","id":"a"}');
    expect(await closed).toBe(1000);
    expect(types(messages)).not.toContain('final');
  });
});

describe('a text-to-speech fake that answers requests', () => {
  const dialect: TtsDialect = {
    provider: 'plain',
    answer: ({ body, url }) =>
      url.pathname !== '/speak'
        ? { status: 404 }
        : {
            asked: { format: telephone, voice: url.searchParams.get('voice') ?? undefined },
            text: Buffer.from(body).toString(),
            contentType: 'audio/basic',
            write: (event) =>
              event.type === 'audio' ? [event.audio] : event.type === 'ready' ? ['HEAD'] : [],
          },
  };
  const speak = (fake: ProviderFake<unknown>, path = '/speak?voice=ada'): Promise<Response> =>
    fetch(`${fake.url}${path}`, { method: 'POST', body: 'hello you' });

  it('gives the speech as the body, and knows what was asked', async () => {
    const fake = await started(startTtsFake(dialect));
    const body = Buffer.from(await (await speak(fake)).arrayBuffer());
    expect(body.subarray(0, 4).toString()).toBe('HEAD');
    expect(readWords(body.subarray(4), telephone).map(({ text }) => text)).toEqual(['hello', 'you']);
    expect(fake.sessions[0]?.heard.utterances[0]).toMatchObject({
      asked: { voice: 'ada' },
      text: 'hello you',
      state: 'complete',
    });
    expect((await speak(fake, '/sing')).status).toBe(404);
  });

  it('cuts the body, so that the client must notice', async () => {
    const fake = await started(startTtsFake(dialect));
    fake.misbehave({ type: 'close', code: 1006, afterEvents: 1 });
    await expect(speak(fake).then((response) => response.arrayBuffer())).rejects.toThrow();
    await fake.until(() => fake.sessions[0]?.ended !== undefined);
    expect(fake.sessions[0]?.ended).toMatchObject({ by: 'fake', code: 1006 });
  });
});

describe('a language-model fake', () => {
  async function ask(fake: ProviderFake<unknown>): Promise<Response> {
    return fetch(`${fake.url}/v1/respond`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ messages: [] }),
    });
  }
  const lines = (text: string): unknown[] =>
    text
      .split('\n\n')
      .filter((line) => line.startsWith('data: {'))
      .map((line) => JSON.parse(line.slice(6)) as unknown);

  it('plays its responses in order, calls interleaved, comments in between', async () => {
    const calls = ['one', 'two'].map((id) => ({ id, name: 'look', argumentsText: '{"a":1}' }));
    const fake = await started(
      startAcmeLlmFake({
        script: [
          {
            parts: [
              { type: 'text', text: 'Hi ☕' },
              { type: 'tool-calls', calls },
            ],
          },
        ],
      }),
    );
    const text = await (await ask(fake)).text();
    expect(text).toContain(': ping\n\n');
    expect(lines(text)).toMatchObject([
      { type: 'start' },
      { type: 'text', text: 'Hi ☕' },
      { type: 'tool-call', index: 0, id: 'one', fragment: '{"a' },
      { type: 'tool-call', index: 1, id: 'two', fragment: '{"a' },
      { type: 'tool-call', index: 0, fragment: '":1' },
      { type: 'tool-call', index: 1, fragment: '":1' },
      { type: 'tool-call', index: 0, fragment: '}' },
      { type: 'tool-call', index: 1, fragment: '}' },
      { type: 'usage', inputTokens: 12 },
      { type: 'finish', reason: 'tool-calls' },
    ]);
  });

  it('answers by a function of the request, and can fail in its own words or end silently', async () => {
    const fake = await started(startAcmeLlmFake());
    fake.answer(({ messages }) => ({ parts: [{ type: 'text', text: `${messages?.length} messages` }] }));
    expect(await (await ask(fake)).text()).toContain('0 messages');
    fake.misbehave({ type: 'error', afterEvents: 1 }, { times: 1 });
    expect(lines(await (await ask(fake)).text()).at(-1)).toMatchObject({ type: 'error', status: 500 });
    fake.misbehave({ type: 'silent-eof', afterEvents: 1 }, { times: 1 });
    expect(lines(await (await ask(fake)).text())).toHaveLength(2);
    fake.misbehave({ type: 'close', code: 1006, afterEvents: 1 }, { times: 1 });
    await expect(ask(fake).then((response) => response.text())).rejects.toThrow();
    fake.misbehave({ type: 'empty-200' }, { times: 1 });
    expect(await (await ask(fake)).text()).toBe('');
    fake.misbehave({ type: 'refuse', status: 503 }, { times: 1 });
    const refused = await ask(fake);
    expect([refused.status, await refused.text()]).toEqual([503, '{"error":{"status":503}}']);
  });
});
