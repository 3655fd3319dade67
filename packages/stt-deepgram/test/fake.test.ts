// The fake is proven by Deepgram's own client, which knows nothing of ours: it connects, speaks and understands.
import { type Deepgram, DeepgramClient } from '@deepgram/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { fakeApiKey, type SttFake } from '@voicewire/testing';
import { startDeepgramFake, startDeepgramFluxFake } from '../src/fake.js';

let fake: SttFake | undefined;
afterEach(() => fake?.close());

const listening = {
  Authorization: `Token ${fakeApiKey}`,
  encoding: 'mulaw',
  sample_rate: 8000,
  reconnectAttempts: 0,
} as const;

/** What the client made of the session, message by message. */
interface Session<Message> {
  readonly messages: Message[];
  readonly closed: Promise<number>;
}

/** The client's sockets of both protocols, as far as they are alike. */
interface ClientSocket<Message> {
  on(event: 'message', listener: (message: Message) => void): void;
  on(event: 'close', listener: (event: { readonly code: number }) => void): void;
  on(event: 'error', listener: () => void): void;
  connect(): unknown;
  waitForOpen(): Promise<unknown>;
}

async function start<Message>(socket: ClientSocket<Message>): Promise<Session<Message>> {
  const messages: Message[] = [];
  socket.on('message', (message) => messages.push(message));
  socket.on('error', () => undefined);
  const closed = new Promise<number>((resolve) => {
    socket.on('close', ({ code }) => resolve(code));
  });
  socket.connect();
  await socket.waitForOpen();
  return { messages, closed };
}

type V1Message =
  | Deepgram.listen.ListenV1Results
  | Deepgram.listen.ListenV1Metadata
  | Deepgram.listen.ListenV1UtteranceEnd
  | Deepgram.listen.ListenV1SpeechStarted;
type V2Message = Deepgram.listen.ListenV2Connected | Deepgram.listen.ListenV2TurnInfo;

const sixSeconds = new Uint8Array(48_000).fill(0xff);

describe('/v1/listen, to the client of Deepgram', () => {
  it('hears, answers Finalize, says goodbye after CloseStream', async () => {
    fake = await startDeepgramFake();
    const client = new DeepgramClient({ apiKey: fakeApiKey, baseUrl: fake.wsUrl });
    const socket = await client.listen.v1.connect({
      ...listening,
      model: 'nova-3',
      interim_results: 'true',
      utterance_end_ms: 1000,
      vad_events: 'true',
      diarize_model: 'latest',
    });
    const { messages, closed } = await start<V1Message>(socket);
    socket.sendMedia(sixSeconds.subarray(0, 40_000));
    socket.sendKeepAlive({ type: 'KeepAlive' });
    socket.sendFinalize({ type: 'Finalize' });
    socket.sendMedia(sixSeconds.subarray(40_000));
    socket.sendCloseStream({ type: 'CloseStream' });
    expect(await closed).toBe(1000);

    const results = messages.filter((message) => message.type === 'Results');
    const finals = results.filter((result) => result.is_final);
    expect(finals.map((final) => final.channel.alternatives[0]?.transcript)).toEqual([
      'hello there',
      'where is my order',
      'thank you',
      '',
      '',
    ]);
    expect(finals.map((final) => final.speech_final)).toEqual([true, true, true, false, false]);
    expect(finals.map((final) => final.from_finalize)).toEqual([false, false, false, true, false]);
    expect(results.length).toBeGreaterThan(finals.length);
    const words = finals.flatMap((final) => final.channel.alternatives[0]?.words ?? []);
    expect(words[0]).toMatchObject({ word: 'hello', start: 0.2, end: 0.44, speaker: 0 });
    expect(words.at(-1)).toMatchObject({ word: 'you', speaker: 1 });
    // Each result begins where the last one settled, and the last settles everything.
    const spans = finals.map(({ start, duration }) => [start, start + duration] as const);
    expect(spans.slice(1).map(([from]) => from)).toEqual(spans.slice(0, -1).map(([, to]) => to));
    expect(spans.at(-1)?.[1]).toBeCloseTo(6);

    expect(messages.filter((message) => message.type === 'SpeechStarted')).toHaveLength(3);
    expect(messages.filter((message) => message.type === 'UtteranceEnd')).toHaveLength(3);
    expect(messages.at(-1)).toMatchObject({ type: 'Metadata', duration: 6 });
    expect(fake.sessions[0]?.heard.controls).toEqual(['keep-alive', 'flush', 'end']);
  });

  it('takes an empty message for the wish to close, and no key for nobody', async () => {
    fake = await startDeepgramFake();
    const client = new DeepgramClient({ apiKey: fakeApiKey, baseUrl: fake.wsUrl });
    const socket = await client.listen.v1.connect({ ...listening, model: 'nova-3' });
    const { messages, closed } = await start<V1Message>(socket);
    socket.sendMedia(new Uint8Array(0));
    expect(await closed).toBe(1000);
    expect(messages.at(-1)?.type).toBe('Metadata');

    const stranger = await new DeepgramClient({ apiKey: 'wrong', baseUrl: fake.wsUrl }).listen.v1.connect({
      ...listening,
      model: 'nova-3',
    });
    await expect(start(stranger)).rejects.toThrow();
    expect(fake.sessions).toHaveLength(1);
  });

  it.each([
    ['an unknown encoding', { queryParams: { encoding: 'morse' } }],
    ['UtteranceEnd without interim results', { queryParams: { utterance_end_ms: 1000 } }],
    ['the parameters of older models', { queryParams: { keywords: 'Acme' } }],
  ])('refuses %s', async (_what, wrong) => {
    fake = await startDeepgramFake();
    const client = new DeepgramClient({ apiKey: fakeApiKey, baseUrl: fake.wsUrl });
    const socket = await client.listen.v1.connect({ ...listening, model: 'nova-3', ...wrong });
    await expect(start(socket)).rejects.toThrow();
    expect(fake.sessions).toHaveLength(0);
  });
});

describe('/v2/listen, to the client of Deepgram', () => {
  it('tells turns, eager ends too, and closes without a goodbye', async () => {
    fake = await startDeepgramFluxFake({ eagerPauseMs: 150 });
    const client = new DeepgramClient({ apiKey: fakeApiKey, baseUrl: fake.wsUrl });
    const socket = await client.listen.v2.connect({
      ...listening,
      model: 'flux-general-en',
      eager_eot_threshold: 0.5,
    });
    const { messages, closed } = await start<V2Message>(socket);
    // The last turn is still open when the audio ends.
    for (let sent = 0; sent < 36_200; sent += 160) socket.sendMedia(sixSeconds.subarray(sent, sent + 160));
    socket.sendCloseStream({ type: 'CloseStream' });
    expect(await closed).toBe(1005);

    expect(messages[0]?.type).toBe('Connected');
    const turns = messages.filter((message) => message.type === 'TurnInfo');
    expect(turns.map(({ turn_index, event }) => `${turn_index} ${event}`)).toEqual([
      ...['0 StartOfTurn', '0 Update', '0 Update', '0 EagerEndOfTurn', '0 EndOfTurn'],
      ...['1 StartOfTurn', '1 Update', '1 Update', '1 Update', '1 Update', '1 EagerEndOfTurn', '1 EndOfTurn'],
      ...['2 StartOfTurn', '2 Update', '2 Update', '2 Update'],
    ]);
    const said = (event: string) =>
      turns.filter((turn) => turn.event === event).map((turn) => turn.transcript);
    expect(said('EndOfTurn')).toEqual(['hello there', 'where is my order']);
    expect(said('EagerEndOfTurn')).toEqual(said('EndOfTurn'));
    expect(turns.at(-1)?.transcript).toBe('thank you');
    expect(messages.map((message) => message.sequence_id)).toEqual(messages.map((_, index) => index));
  });
});
