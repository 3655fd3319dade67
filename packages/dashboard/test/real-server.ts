// The page on the reference server itself, nothing between them faked but the microphone. Part of page.test.ts, which builds the page first.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readWav, writeWav, type AudioFormat } from '@voicewire/core/adapter';
import { createFliteTts } from '@voicewire/tts-flite';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { launchChromium } from './chromium.js';

/** Of the reference server, what is used here. */
interface RunningServer {
  readonly url: string;
  readonly voicewire: { on(event: 'call', listener: (call: Call) => void): void };
  close(): Promise<void>;
}

interface Call {
  events(options: {
    readonly fromSeq: number;
  }): AsyncIterable<{ readonly type: string; readonly text?: string }>;
}

/** By a name that the compiler does not follow: types of a page and those of a server contradict each other in one program. */
const serverModule = '../../../examples/reference-server/src/server.js' as string;

const format: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 };
const callers = fileURLToPath(new URL('../../../examples/reference-server/callers/', import.meta.url));
/** Long enough for the greeting to be over. */
const before = new Uint8Array(5 * 16_000 * 2);
const after = new Uint8Array(2 * 16_000 * 2);

export function describeRealServer(): void {
  let server: RunningServer;
  let folder: string;
  let browser: Browser | undefined;

  beforeAll(async () => {
    const { startServer } = (await import(serverModule)) as {
      startServer(options: object): Promise<RunningServer>;
    };
    server = await startServer({ port: 0, mediaPort: 0, env: {} });
    folder = await mkdtemp(join(tmpdir(), 'voicewire-microphone-'));
  });
  afterEach(() => browser?.close());
  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  /** A call by a microphone into which this is said after the greeting, in a browser without a recogniser. */
  async function callWith(speech: Uint8Array): Promise<Page> {
    const file = join(folder, 'microphone.wav');
    await writeFile(file, writeWav(Buffer.concat([before, speech, after]), format));
    browser = await launchChromium(file);
    const page = await (await browser.newContext({ permissions: ['microphone'] })).newPage();
    await page.addInitScript(() =>
      Object.assign(window, { SpeechRecognition: undefined, webkitSpeechRecognition: undefined }),
    );
    await page.goto(server.url);
    await page.getByRole('radio', { name: /Microphone/ }).click();
    await page.getByRole('button', { name: 'Call', exact: true }).click();
    return page;
  }

  it('knows a shipped caller through the microphone, and answers', async () => {
    const { audio } = readWav(await readFile(join(callers, 'opening-hours-1.wav')));
    const page = await callWith(audio);
    const transcript = page.getByRole('log');
    await transcript.getByText('On Saturday we are open').waitFor();
    expect(await transcript.getByText('opening_hours').count()).toBe(1);
    await transcript
      .getByText(/\d+ ms/)
      .first()
      .waitFor();
  }, 40_000);

  it('has no text for a speaker it does not know', async () => {
    const call = new Promise<Call>((resolve) => server.voicewire.on('call', resolve));
    const page = await callWith(await synthesize('Is there a bus from the harbour to the old mill tonight?'));
    const { events } = await call;
    for await (const event of events({ fromSeq: 1 })) if (event.type === 'speech-ended') break;
    await page.getByRole('button', { name: 'Hang up' }).click();
    const heard: string[] = [];
    for await (const event of events({ fromSeq: 1 }))
      if (event.type === 'transcript-final' || event.type === 'user-turn') heard.push(event.text ?? '');
    expect(heard.join('')).toBe('');
    expect(await page.getByRole('log').getByText('Caller', { exact: true }).count()).toBe(0);
  }, 40_000);
}

async function synthesize(text: string): Promise<Uint8Array> {
  const { signal } = new AbortController();
  const session = createFliteTts({ voice: 'kal16' }).connect({ format, signal });
  const utterance = session.speak({ bufferedMs: () => 0, signal });
  utterance.write(text);
  utterance.end();
  const pieces: Uint8Array[] = [];
  for await (const event of utterance) if (event.type === 'audio') pieces.push(event.audio);
  session.close();
  return Buffer.concat(pieces);
}
