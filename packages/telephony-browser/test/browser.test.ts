// The page's side in headless Chromium, against the server's side on loopback.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createBrowserTelephony } from '../src/index.js';
import { launchChromium, noChromium } from './chromium.js';
import { startMediaServer, type MediaServer, type ServedCall } from './media-server.js';
import { startPageServer, type PageServer } from './page-server.js';

/** Half a second of clicks and half a second of nothing, again and again: what the fake microphone hears. */
function microphoneWav(): Buffer {
  const samples = Int16Array.from({ length: 48_000 }, (_, index) =>
    index < 24_000 ? Math.round(20_000 * Math.sin(index / 8) * Math.sin(index / 900)) : 0,
  );
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.byteLength, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(48_000, 24);
  header.writeUInt32LE(96_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([header, Buffer.from(samples.buffer)]);
}

const loudness = (bytes: Uint8Array): number => {
  const samples = new Int16Array(Uint8Array.from(bytes).buffer);
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length);
};

/** How much of the power lies at `hertz`: 1 for a pure tone. */
function share(bytes: Uint8Array, hertz: number): number {
  const samples = new Int16Array(Uint8Array.from(bytes).buffer);
  let [real, imaginary, power] = [0, 0, 0];
  samples.forEach((sample, index) => {
    const phase = (2 * Math.PI * hertz * index) / 16_000;
    real += sample * Math.cos(phase);
    imaginary += sample * Math.sin(phase);
    power += sample ** 2;
  });
  return (2 * (real ** 2 + imaginary ** 2)) / (samples.length * power);
}

describe.skipIf(noChromium)(`a page as a phone${noChromium ? ` (skipped: ${noChromium})` : ''}`, () => {
  let folder: string;
  let browser: Browser;
  let media: MediaServer;
  let pages: PageServer;
  let page: Page;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'voicewire-microphone-'));
    await writeFile(join(folder, 'microphone.wav'), microphoneWav());
    media = await startMediaServer(createBrowserTelephony());
    pages = await startPageServer(media.url);
    browser = await launchChromium(join(folder, 'microphone.wav'));
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([media.close(), pages.close(), rm(folder, { recursive: true })]);
  });
  afterEach(() => page.context().close());

  async function openPage(permissions: string[] = ['microphone'], query = ''): Promise<Page> {
    const context = await browser.newContext({ permissions });
    page = await context.newPage();
    await page.goto(pages.url + query);
    return page;
  }

  async function dial(how: 'microphone' | 'none', withRecogniser = false): Promise<ServedCall> {
    await openPage();
    const nextCall = media.nextCall();
    const dialled = page.evaluate(([url, mouth, ears]) => window.dial(url, mouth, ears), [
      media.url,
      how,
      withRecogniser,
    ] as const);
    const call = await nextCall;
    expect(await dialled).toBe('connected');
    return call;
  }

  const eventTypes = (): Promise<string[]> => page.evaluate(() => window.events.map(({ type }) => type));

  it('sends the microphone in frames of 20 ms, numbered without a gap', async () => {
    const call = await dial('microphone');
    expect(await call.event('start')).toMatchObject({ token: 'once', parameters: { speak: 'microphone' } });
    await call.frames(100);
    const frames = call.audio.slice(0, 100);
    expect(frames.map(({ atMs }) => atMs)).toEqual(frames.map((_, index) => index * 20));
    expect(new Set(frames.map(({ bytes }) => bytes.length))).toEqual(new Set([640]));
    const levels = frames.map(({ bytes }) => loudness(bytes));
    expect(Math.max(...levels)).toBeGreaterThan(300);
    expect(await page.evaluate(() => window.phone.droppedFrames())).toBe(0);
  });

  it('sends silence while muted', async () => {
    const call = await dial('microphone');
    await call.frames(10);
    await page.evaluate(() => window.phone.setMuted(true));
    const from = call.audio.length + 50;
    await call.frames(from + 60);
    const levels = call.audio.slice(from, from + 60).map(({ bytes }) => loudness(bytes));
    expect(Math.max(...levels)).toBe(0);
  });

  it('speaks a recording in the microphone’s place', async () => {
    const call = await dial('none');
    await call.frames(5);
    expect(loudness(call.audio[4]!.bytes)).toBe(0);
    await page.evaluate(() => window.phone.speak(window.tone(1_000)));
    await call.frames(call.audio.length + 5);
    const spoken = call.audio.filter(({ bytes }) => loudness(bytes) > 0);
    expect(spoken.length).toBeGreaterThanOrEqual(50);
    expect(spoken.length).toBeLessThanOrEqual(52);
    const middle = Buffer.concat(spoken.slice(5, 45).map(({ bytes }) => bytes));
    expect(share(middle, 500)).toBeGreaterThan(0.99);
    expect(loudness(middle)).toBeGreaterThan(11_000);
    expect(loudness(middle)).toBeLessThan(12_200);
  });

  it('says what is no recording', async () => {
    await dial('none');
    const code = await page.evaluate(() =>
      window.phone.speak(new ArrayBuffer(100)).catch((error: unknown) => (error as { code: string }).code),
    );
    expect(code).toBe('recording-unreadable');
  });

  it('answers marks when they were heard, and counts what was played', async () => {
    const call = await dial('none');
    await call.event('start');
    call.connection.send(new Uint8Array(9_600).fill(40));
    call.connection.mark('first', 0);
    call.connection.send(new Uint8Array(9_600).fill(40));
    call.connection.mark('second', 0);
    await call.event('mark', ({ id }) => id === 'second');
    const told = call.events.filter(({ type }) => type === 'played' || type === 'mark');
    const before = (id: string) =>
      told
        .slice(
          0,
          told.findIndex((event) => event.type === 'mark' && event.id === id),
        )
        .findLast((event) => event.type === 'played')?.playedMs;
    expect(before('first')).toBeGreaterThanOrEqual(300);
    expect(before('first')).toBeLessThan(600);
    expect(before('second')).toBe(600);
    expect(await eventTypes()).toContain('speaking');
  });

  it('falls silent at a clear, and answers no mark for what was not heard', async () => {
    const call = await dial('none');
    await call.event('start');
    call.connection.send(new Uint8Array(160_000).fill(40)); // 5 s
    call.connection.mark('never', 0);
    await call.event('played', ({ playedMs }) => playedMs >= 200);
    call.connection.clear();
    const heard = call.events.findLast((event) => event.type === 'played')?.playedMs;
    expect(heard).toBeLessThan(4_000);
    expect(await call.event('played', ({ generation }) => generation === 1)).toMatchObject({ playedMs: 0 });
    call.connection.send(new Uint8Array(6_400).fill(40));
    call.connection.mark('after', 1);
    await call.event('mark', ({ id }) => id === 'after');
    expect(call.events.findLast((event) => event.type === 'played')?.playedMs).toBe(200);
    expect(call.events.filter(({ type }) => type === 'mark').length).toBe(1);
    expect(call.events.filter(({ type }) => type === 'skipped')).toEqual([]);
  });

  it('sends keys and typed words', async () => {
    const call = await dial('none');
    await page.evaluate(() => {
      window.phone.press('5');
      window.phone.say('  what are your hours ');
    });
    const last = await call.event('transcript', ({ event }) => event.type === 'turn-end');
    const said = call.events.flatMap((event) => (event.type === 'transcript' ? [event.event] : []));
    const atMs = last.event.type === 'turn-end' ? last.event.atMs : -1;
    const words = { text: 'what are your hours', startMs: atMs, endMs: atMs };
    expect(said).toMatchObject([
      { type: 'speech-start', atMs },
      { type: 'partial', ...words },
      { type: 'final', ...words, settledMs: atMs },
      { type: 'speech-end', atMs },
      { type: 'turn-end', atMs, eager: false },
    ]);
    expect(call.events).toContainEqual({ type: 'dtmf', digit: '5' });
  });

  it('sends what the page’s recogniser hears, from the microphone’s own track', async () => {
    const call = await dial('microphone', true);
    await page.evaluate(() => {
      window.recognition?.hear('good', false);
      window.recognition?.hear('good morning', true);
    });
    const final = await call.event('transcript', ({ event }) => event.type === 'final');
    expect(final.event).toMatchObject({ text: 'good morning', confidence: 0.8 });
    const listensTo = () => page.evaluate(() => window.recognisedTrack);
    expect(await listensTo()).toBe('audio');
    await page.evaluate(() => window.phone.setMuted(true));
    expect(await listensTo()).toBeUndefined();
    await page.evaluate(() => window.phone.setMuted(false));
    expect(await listensTo()).toBe('audio');
  });

  it('asks for the microphone only where it is needed, and says when it is refused', async () => {
    await openPage([]);
    expect(await page.evaluate((url) => window.dial(url, 'none'), media.url)).toBe('connected');
    expect(await page.evaluate((url) => window.dial(url, 'microphone'), media.url)).toBe('microphone-denied');
    await media.nextCall();
  });

  it('says when nobody answers, and when the call is refused', async () => {
    await openPage();
    // The port is forbidden by the page's content policy, the path by the server, the scheme by the browser.
    for (const url of ['ws://127.0.0.1:9', 'https:', media.url]) {
      if (url === media.url) void media.nextCall().then(({ stop }) => stop.abort());
      const code = await page.evaluate((to) => window.dial(to, 'none'), url);
      expect(code).toBe(url === media.url ? 'line-refused' : 'line-unreachable');
    }
  });

  it('hangs up, and gives the microphone back', async () => {
    const call = await dial('microphone');
    await page.evaluate(() => window.phone.hangUp());
    await call.ended;
    expect(call.events.at(-1)).toEqual({ type: 'stop', reason: 'hangup' });
    expect((await eventTypes()).at(-1)).toBe('ended');
    expect(await page.evaluate(() => window.microphones.map(({ readyState }) => readyState))).toEqual([
      'ended',
    ]);
    expect(await page.evaluate(() => window.phone.levels())).toEqual({ caller: 0, agent: 0 });
  });

  it('hangs up when its tab is closed', async () => {
    const call = await dial('none');
    await page.close({ runBeforeUnload: false });
    await call.ended.catch(() => undefined);
    expect(call.events.at(-1)).toEqual({ type: 'stop', reason: 'hangup' });
  });

  it('tells a call that the server ended from one that was lost', async () => {
    const ended = await dial('none');
    await ended.event('start');
    ended.connection.close();
    await page.waitForFunction(() => window.events.some(({ type }) => type === 'ended'));
    expect(await page.evaluate(() => window.events.at(-1))).toMatchObject({
      type: 'ended',
      reason: 'remote',
    });
    await page.context().close();
    const lost = await dial('none');
    lost.cut();
    await page.waitForFunction(() => window.events.some(({ type }) => type === 'ended'));
    const code = await page.evaluate(() => {
      const end = window.events.at(-1);
      return end?.type === 'ended' && end.reason === 'failed' ? end.error.code : undefined;
    });
    expect(code).toBe('line-lost');
  });

  it('waits for a touch where the browser holds sound back, and goes on with it', async () => {
    const nextCall = media.nextCall();
    await openPage([], `?call=${encodeURIComponent(media.url)}`);
    const call = await nextCall;
    await call.event('start');
    await page.waitForSelector('button');
    await page.locator('button').click();
    await call.frames(5);
    const blocked = await page.evaluate(() =>
      window.events.flatMap((event) => (event.type === 'blocked' ? event.isBlocked : [])),
    );
    expect([blocked[0], blocked.at(-1)]).toEqual([true, false]);
  });
});
