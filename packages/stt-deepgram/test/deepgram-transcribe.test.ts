// Recordings through Deepgram's own client, against a server that answers as its REST contract says.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createDeepgramStt } from '../src/index.js';

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

interface Received {
  readonly message: IncomingMessage;
  readonly body: Buffer;
}

async function startServer(answer: (response: ServerResponse) => void) {
  const received: Received[] = [];
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      received.push({ message, body: Buffer.concat(chunks) });
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { received, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const answer = {
  metadata: { request_id: '00000000-0000-4000-8000-000000000000', duration: 2.5, channels: 1 },
  results: {
    channels: [
      { alternatives: [{ transcript: 'Hello. Bye.', confidence: 0.9, languages: ['en'], words: [] }] },
    ],
    utterances: [
      {
        start: 0.5,
        end: 1,
        confidence: 0.9,
        transcript: 'Hello.',
        words: [{ word: 'hello', punctuated_word: 'Hello.', start: 0.5, end: 0.9, confidence: 0.9 }],
      },
      {
        start: 1.5,
        end: 2,
        confidence: 0.8,
        transcript: 'Bye.',
        words: [{ word: 'bye', punctuated_word: 'Bye.', start: 1.5, end: 2, confidence: 0.8 }],
      },
    ],
  },
};

function transcribe(baseUrl: string, signal = new AbortController().signal) {
  const adapter = createDeepgramStt({ apiKey: 'secret-key', baseUrl, parameters: { redact: ['pci'] } });
  const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
  return adapter.transcribe?.({
    audio: new Uint8Array(160).fill(0xff),
    format,
    keyterms: ['Acme', 'Bolt'],
    language: 'en',
    signal,
  });
}

it('sends the recording as a file that says its format, and gives segments in ms', async () => {
  const { received, baseUrl } = await startServer((response) => response.end(JSON.stringify(answer)));
  expect(await transcribe(`${baseUrl}/`)).toEqual({
    text: 'Hello. Bye.',
    language: 'en',
    durationMs: 2500,
    segments: [
      expect.objectContaining({ text: 'Hello.', startMs: 500, endMs: 900, settledMs: 1000 }),
      expect.objectContaining({ text: 'Bye.', startMs: 1500, endMs: 2000, settledMs: 2000 }),
    ],
  });
  const [first] = received;
  const url = new URL(first?.message.url ?? '', baseUrl);
  expect(url.pathname).toBe('/v1/listen');
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    model: 'nova-3',
    language: 'en',
    utterances: 'true',
    redact: 'pci',
  });
  expect(url.searchParams.getAll('keyterm')).toEqual(['Acme', 'Bolt']);
  expect(
    [...url.searchParams.keys()].filter((name) => /^(diarize|language_hint|encoding)/.test(name)),
  ).toEqual([]);
  expect(first?.message.headers.authorization).toBe('Token secret-key');
  expect(first?.body.subarray(0, 4).toString()).toBe('RIFF');
  expect(first?.body.subarray(-160).every((byte) => byte === 0xff)).toBe(true);
});

it('asks once, and names what was refused without quoting it', async () => {
  const { received, baseUrl } = await startServer((response) => {
    response.writeHead(429, { 'retry-after': '2', 'content-type': 'application/json' });
    response.end('{"err_code":"TOO_MANY_REQUESTS","err_msg":"secret words"}');
  });
  const error: unknown = await transcribe(baseUrl)?.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ class: 'rate_limit', status: 429, retryAfterMs: 2000, provider: 'deepgram' });
  expect(String(error)).toContain('TOO_MANY_REQUESTS');
  expect(JSON.stringify(error)).not.toContain('secret');
  expect(received).toHaveLength(1);
});

it.each(['{"results":{}}', 'not JSON'])(
  'fails as protocol on an answer that is no transcript: %s',
  async (body) => {
    const { baseUrl } = await startServer((response) => response.end(body));
    await expect(transcribe(baseUrl)).rejects.toMatchObject({ class: 'protocol', provider: 'deepgram' });
  },
);

it('fails as unavailable when the server hangs up', async () => {
  const { baseUrl } = await startServer((response) => response.destroy());
  await expect(transcribe(baseUrl)).rejects.toMatchObject({ class: 'unavailable', provider: 'deepgram' });
});

it('stops with the reason of the signal, and closes the connection', async () => {
  const controller = new AbortController();
  let gone: Promise<unknown> = Promise.resolve();
  const { baseUrl } = await startServer((response) => {
    gone = once(response, 'close');
    controller.abort(new Error('hung up'));
  });
  await expect(transcribe(baseUrl, controller.signal)).rejects.toThrow('hung up');
  await gone;
});
