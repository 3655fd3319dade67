// The fake's HTTP side is proven by ElevenLabs' own clients, the current one and the one of the older name. They are slow to
// load, so only their parts for speech are. Neither has a client for the socket: see socket-contract.test.ts.
import { TextToSpeechClient } from '@elevenlabs/elevenlabs-js/api/resources/textToSpeech/client/Client.js';
import { fakeApiKey, readWords, type TtsFake } from '@voicewire/testing';
import { TextToSpeech as OldTextToSpeech } from 'elevenlabs/api/resources/textToSpeech/client/Client.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startElevenLabsFake } from '../src/fake.js';

let fake: TtsFake;
beforeEach(async () => {
  fake = await startElevenLabsFake();
});
afterEach(() => fake.close());

const text = 'Hello there, how can I help?';
const said = ['hello', 'there', 'how', 'can', 'i', 'help'];
const mulaw = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
const wordsOf = (audio: Uint8Array): readonly string[] => readWords(audio, mulaw).map((word) => word.text);

async function join(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

describe('over HTTP, to the client of ElevenLabs', () => {
  const client = (apiKey = fakeApiKey) =>
    new TextToSpeechClient({ apiKey, baseUrl: fake.url, maxRetries: 0 });
  const request = { text, modelId: 'eleven_v3', outputFormat: 'ulaw_8000' } as const;

  it('streams speech', async () => {
    const audio = await join(await client().stream('voice-a', request));
    expect(wordsOf(audio)).toEqual(said);
    expect(fake.sessions[0]?.heard.asked).toMatchObject({ voice: 'voice-a', format: mulaw });
  });

  it('streams speech with the times of its characters', async () => {
    const chunks = [];
    for await (const chunk of await client().streamWithTimestamps('voice-a', request)) chunks.push(chunk);
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.flatMap(({ alignment }) => alignment?.characters ?? []).join('')).toBe(text);
    const starts = chunks.flatMap(({ alignment }) => alignment?.characterStartTimesSeconds ?? []);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(
      wordsOf(Buffer.concat(chunks.map(({ audioBase64 }) => Buffer.from(audioBase64, 'base64')))),
    ).toEqual(said);
  });

  it('refuses a wrong key and a request without text as ElevenLabs does', async () => {
    await expect(client('wrong').stream('voice-a', request)).rejects.toMatchObject({ statusCode: 401 });
    await expect(client().stream('voice-a', { ...request, text: '' })).rejects.toMatchObject({
      statusCode: 422,
    });
    fake.misbehave({ type: 'refuse', status: 429 });
    await expect(client().stream('voice-a', request)).rejects.toMatchObject({
      statusCode: 429,
      body: { detail: { status: 'refused' } },
    });
  });
});

describe('over HTTP, to the older client of ElevenLabs', () => {
  it('streams speech, with and without times', async () => {
    const client = new OldTextToSpeech({ apiKey: fakeApiKey, baseUrl: fake.url });
    const request = { text, model_id: 'eleven_v3', output_format: 'ulaw_8000' } as const;
    const options = { maxRetries: 0 };
    const audio = await join(await client.convertAsStream('voice-a', request, options));
    expect(wordsOf(audio)).toEqual(said);
    const characters: string[] = [];
    for await (const chunk of await client.streamWithTimestamps('voice-a', request, options))
      characters.push(...(chunk.alignment?.characters ?? []));
    expect(characters.join('')).toBe(text);
  });
});
