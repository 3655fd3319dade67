// The server's side against a plain WebSocket client that speaks as a page does.
import { ProviderError, type TelephonyAdapter } from '@voicewire/core/adapter';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBrowserTelephony } from '../src/index.js';
import { startMediaServer, type MediaServer } from './media-server.js';
import { openPage as connectPage, settled, type Page } from './plain-page.js';

let adapter: TelephonyAdapter;
let server: MediaServer;

beforeAll(async () => {
  adapter = createBrowserTelephony({ tracks: ['caller', 'agent'] });
  server = await startMediaServer(adapter);
});
afterAll(() => server.close());

const openPage = (start?: Record<string, unknown>): Promise<Page> => connectPage(server, start);

describe('start', () => {
  it('tells who calls, in which formats, and answers the page', async () => {
    const page = await openPage({ parameters: { speak: 'type' } });
    const start = await page.call.event('start');
    const format = { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 };
    expect(start).toMatchObject({ token: 'once', outbound: format, parameters: { speak: 'type' } });
    expect(start.tracks).toEqual([{ label: 'caller', format }]);
    expect(await page.next()).toEqual({ type: 'ready', callId: start.callId });
  });

  it('takes the name the server gave the call, or a new one', async () => {
    const pages = [await openPage({ callId: 'given' }), await openPage({}), await openPage({})];
    const ids = await Promise.all(pages.map(async ({ call }) => (await call.event('start')).callId));
    expect(ids[0]).toBe('given');
    expect(new Set(ids).size).toBe(3);
  });

  it('skips what comes before it, a second one, and tracks it was not given', async () => {
    const page = await openPage();
    page.frame(0);
    expect(await page.call.event('skipped')).toEqual({
      type: 'skipped',
      reason: 'audio before start',
      count: 1,
    });
    page.say({ type: 'start', sampleRate: 16_000, tracks: ['supervisor'] });
    page.say({ type: 'start', sampleRate: 16_000, tracks: ['agent', 'caller'] });
    const start = await page.call.event('start');
    expect(start.tracks.map(({ label }) => label)).toEqual(['agent', 'caller']);
    page.say({ type: 'start', sampleRate: 8_000 });
    await settled(page);
    expect(page.call.events.filter(({ type }) => type === 'start').length).toBe(1);
  });
});

describe('audio in', () => {
  it('gives each frame its place on its track, and fills gaps with silence', async () => {
    const page = await openPage({ tracks: ['caller', 'agent'] });
    page.frame(0);
    page.frame(1);
    page.frame(0, { track: 1 });
    page.frame(5);
    await settled(page);
    expect(page.call.audio.map(({ track, atMs }) => [track, atMs])).toEqual([
      ['caller', 0],
      ['caller', 20],
      ['agent', 0],
      ['caller', 40],
      ['caller', 60],
      ['caller', 80],
      ['caller', 100],
    ]);
    expect(page.call.audio[4]?.bytes).toEqual(new Uint8Array(640));
    expect(page.call.audio[1]?.bytes).toEqual(new Uint8Array(640).fill(1));
  });

  it.each([
    ['a frame that was there', 3, {}],
    ['an older frame', 1, {}],
    ['a frame from an impossible future', 4_000_000_000, {}],
    ['a frame from further on than the call', 500, {}],
    ['a short frame', 4, { bytes: 100 }],
    ['a long frame', 4, { bytes: 64_000 }],
    ['an empty frame', 4, { bytes: 0 }],
    ['another kind', 4, { kind: 9 }],
    ['a track it does not have', 4, { track: 1 }],
  ])('skips %s', async (_, number, options) => {
    const page = await openPage({});
    page.frame(3);
    page.frame(number, options);
    await settled(page);
    expect(page.call.audio.length).toBe(4);
    expect(await page.call.event('skipped')).toMatchObject({ count: 1 });
  });
});

describe('what a page says', () => {
  it('passes keys on in order', async () => {
    const page = await openPage({});
    for (const digit of '*12#') page.say({ type: 'dtmf', digit });
    await settled(page);
    const digits = page.call.events.flatMap((event) => (event.type === 'dtmf' ? event.digit : []));
    expect(digits.join('')).toBe('*12#D');
  });

  it('yields its transcripts as a recogniser would', async () => {
    const page = await openPage({ tracks: ['caller', 'agent'] });
    const words = { text: 'two tickets', startMs: 100, endMs: 900 };
    page.say({ type: 'transcript', event: { type: 'speech-start', atMs: 100 } });
    page.say({ type: 'transcript', event: { type: 'partial', ...words } });
    page.say({ type: 'transcript', track: 'agent', event: { type: 'final', ...words, confidence: 0.5 } });
    page.say({ type: 'transcript', track: 'nobody', event: { type: 'final', ...words } });
    page.say({ type: 'transcript', event: { type: 'turn-end', atMs: 950 } });
    await settled(page);
    const transcripts = page.call.events.filter(({ type }) => type === 'transcript');
    expect(transcripts).toEqual([
      { type: 'transcript', track: 'caller', event: { type: 'speech-start', atMs: 100 } },
      { type: 'transcript', track: 'caller', event: { type: 'partial', ...words } },
      {
        type: 'transcript',
        track: 'agent',
        event: { type: 'final', ...words, settledMs: 900, words: [], confidence: 0.5 },
      },
      { type: 'transcript', track: 'caller', event: { type: 'turn-end', atMs: 950, eager: false } },
    ]);
  });

  it('ends with a stop', async () => {
    const page = await openPage({});
    page.say({ type: 'stop' });
    await page.call.ended;
    expect(page.call.events.at(-1)).toEqual({ type: 'stop', reason: 'hangup' });
    expect(await page.closed).toBe(1000);
  });
});

describe('audio out', () => {
  const second = new Uint8Array(32_000);

  it('sends audio as it is, and nothing before the start', async () => {
    const page = await openPage();
    page.call.connection.send(second);
    page.call.connection.mark('early', 0);
    page.say({ type: 'start', sampleRate: 16_000 });
    await page.call.event('start');
    page.call.connection.send(Uint8Array.of(1, 2, 3, 4));
    expect(await page.next()).toMatchObject({ type: 'ready' });
    expect(await page.next()).toEqual(Buffer.from([1, 2, 3, 4]));
  });

  it('returns a mark once, and only one that was set', async () => {
    const page = await openPage({});
    await page.next();
    page.call.connection.send(second);
    page.call.connection.mark('a', 0);
    await page.next();
    expect(await page.next()).toEqual({ type: 'mark', id: 'a', generation: 0 });
    page.say({ type: 'mark', id: 'never set', generation: 0 });
    page.say({ type: 'mark', id: 'a', generation: 7 });
    page.say({ type: 'mark', id: 'a', generation: 0 });
    page.say({ type: 'mark', id: 'a', generation: 0 });
    await settled(page);
    const marks = page.call.events.filter(({ type }) => type === 'mark');
    expect(marks).toEqual([{ type: 'mark', id: 'a', generation: 0 }]);
  });

  it('believes no position beyond what was sent, none that goes back, none of a clear that was not', async () => {
    const page = await openPage({});
    page.call.connection.send(second);
    for (const playedMs of [400, 300, 1_500, 1_000]) page.say({ type: 'played', playedMs, clears: 0 });
    page.say({ type: 'played', playedMs: 1_000, clears: 1 });
    await settled(page);
    page.call.connection.clear();
    page.say({ type: 'played', playedMs: 1_000, clears: 0 });
    page.say({ type: 'played', playedMs: 0, clears: 1 });
    page.say({ type: 'played', playedMs: 500, clears: 1 });
    await settled(page);
    page.call.connection.send(second.subarray(0, 16_000));
    page.say({ type: 'played', playedMs: 250, clears: 0 });
    page.say({ type: 'played', playedMs: 500, clears: 1 });
    await settled(page);
    const played = page.call.events.flatMap((event) =>
      event.type === 'played' ? [[event.playedMs, event.generation]] : [],
    );
    expect(played).toEqual([
      [400, 0],
      [1_000, 0],
      [0, 1],
      [500, 1],
    ]);
  });

  it('numbers its clears', async () => {
    const page = await openPage({});
    await page.next();
    page.call.connection.clear();
    page.call.connection.clear();
    expect([await page.next(), await page.next()]).toEqual([
      { type: 'clear', clears: 1 },
      { type: 'clear', clears: 2 },
    ]);
  });

  it('tells positions in the generation of its caller, which may grow without a clear', async () => {
    const page = await openPage({});
    const { connection } = page.call;
    connection.send(second);
    connection.mark('a', 5);
    page.say({ type: 'played', playedMs: 100, clears: 0 });
    await settled(page);
    connection.clear();
    page.say({ type: 'played', playedMs: 110, clears: 0 });
    page.say({ type: 'played', playedMs: 0, clears: 1 });
    await settled(page);
    connection.send(second);
    connection.mark('b', 9);
    page.say({ type: 'played', playedMs: 30, clears: 1 });
    await settled(page);
    const generations = page.call.events.flatMap((event) =>
      event.type === 'played' ? event.generation : [],
    );
    expect(generations).toEqual([5, 6, 9]);
  });
});

describe('garbage', () => {
  it('is skipped and counted, and good messages go on', async () => {
    const page = await openPage({});
    for (let count = 0; count < 40; count += 1) page.say('nonsense');
    page.say({ type: 'dtmf', digit: '1' });
    for (let count = 0; count < 40; count += 1) page.say('nonsense');
    await settled(page);
    page.say({ type: 'stop' });
    await page.call.ended;
    const skipped = page.call.events.flatMap((event) => (event.type === 'skipped' ? event.count : []));
    expect(skipped.reduce((sum, count) => sum + count, 0)).toBe(80);
    expect(skipped.length).toBeLessThan(10);
    expect(skipped[0]).toBe(1);
  });

  it('in a run closes that call, and no other', async () => {
    const [bad, good] = [await openPage({}), await openPage({})];
    for (let count = 0; count < 60; count += 1) bad.say('nonsense');
    await expect(bad.call.ended).rejects.toMatchObject({ class: 'protocol', provider: 'browser' });
    expect(await bad.closed).toBe(1008);
    good.frame(0);
    await settled(good);
    expect(good.call.audio.length).toBe(1);
  });
});

describe('the end', () => {
  it('is a failure when the page goes away without a stop, whatever the code', async () => {
    const page = await openPage({});
    page.socket.close(1000);
    await expect(page.call.ended).rejects.toSatisfy(
      (error) => ProviderError.is(error) && error.class === 'unavailable' && error.status === 1000,
    );
  });

  it('comes with our close', async () => {
    const page = await openPage({});
    page.call.connection.close();
    await page.call.ended;
    expect(await page.closed).toBe(1000);
    page.call.connection.send(new Uint8Array(640));
    page.call.connection.mark('late', 0);
    page.call.connection.clear();
    page.call.connection.close();
  });

  it('comes with the signal, and its reason', async () => {
    const page = await openPage({});
    const reason = new Error('enough');
    page.call.stop.abort(reason);
    await expect(page.call.ended).rejects.toBe(reason);
    expect(await page.closed).toBe(1000);
  });

  it('comes with a hang-up by call id; an unknown call is hung up already', async () => {
    const page = await openPage({});
    const { callId } = await page.call.event('start');
    const { signal } = new AbortController();
    await adapter.control.hangup?.(callId, signal);
    await page.call.ended;
    expect(page.call.events.at(-1)).toEqual({ type: 'stop', reason: 'hangup' });
    expect(await page.closed).toBe(1000);
    await adapter.control.hangup?.(callId, signal);
    await adapter.control.hangup?.('never was', signal);
  });
});

describe('the upgrade', () => {
  const upgrade = (origin?: string) => ({ publicUrl: 'wss://voice.example/media', headers: { origin } });

  it('is open to any page by default, for the token decides', () => {
    expect(createBrowserTelephony().media!.verifyUpgrade).toBeUndefined();
  });

  it('is refused to pages of other origins where origins are named', () => {
    const { verifyUpgrade } = createBrowserTelephony({ allowedOrigins: ['https://shop.example'] }).media!;
    verifyUpgrade?.(upgrade('https://shop.example'));
    for (const origin of ['https://shop.example.evil', undefined]) {
      expect(() => verifyUpgrade?.(upgrade(origin))).toThrow(expect.objectContaining({ class: 'auth' }));
    }
  });

  it('takes no options it does not know', () => {
    expect(() => createBrowserTelephony({ track: ['caller'] } as never)).toThrow(/tracks/);
  });
});
