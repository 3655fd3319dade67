// From a connection to media of a call: in time, or not at all.
import { createVirtualClock } from '@voicewire/testing';
import { describe, expect, it } from 'vitest';
import { createEventQueue } from '../kit/event-queue.js';
import type { MediaAudioListener, MediaConnection, MediaEvent } from '../spec/telephony.js';
import { simulatedCapabilities } from '@voicewire/testing';
import { acceptMedia } from './accept-media.js';

const format = { encoding: 'mulaw', sampleRate: 8_000, channels: 1 } as const;
const start: MediaEvent = {
  type: 'start',
  callId: 'c',
  streamId: 's',
  tracks: [{ label: 'caller', format }],
  outbound: format,
  parameters: {},
};

function createTable() {
  const clock = createVirtualClock();
  const events = createEventQueue<MediaEvent>();
  const log: string[] = [];
  let hear: MediaAudioListener = () => undefined;
  const connection: MediaConnection = {
    send: () => undefined,
    mark: () => undefined,
    clear: () => undefined,
    close: () => void log.push('close'),
    buffered: 0,
    receive: () => undefined,
    disconnected: () => undefined,
    [Symbol.asyncIterator]: () => events[Symbol.asyncIterator](),
  };
  const accepting = acceptMedia({
    provider: 'test',
    capabilities: simulatedCapabilities,
    clock,
    open: (onAudio) => {
      hear = onAudio;
      return connection;
    },
  });
  accepting.catch(() => undefined);
  return {
    clock,
    events,
    log,
    accepting,
    hear: (...frame: Parameters<MediaAudioListener>) => hear(...frame),
  };
}

describe('media', () => {
  it('has its start and then the rest, and the audio that came before, as it was then', async () => {
    const { clock, events, accepting, hear } = createTable();
    const pooled = new Uint8Array(160).fill(1);
    hear('caller', pooled, 0);
    pooled.fill(2);
    events.push({ type: 'skipped', reason: 'noise', count: 1 });
    events.push(start);
    events.push({ type: 'dtmf', digit: '1' });
    events.finish();
    const media = await accepting;
    const heard: number[] = [];
    media.onAudio((_, audio, atMs) => heard.push(audio[0] ?? 0, atMs));
    hear('caller', pooled, 20);
    expect(heard).toEqual([1, 0, 2, 20]);
    const rest: MediaEvent[] = [];
    for await (const event of media.events) rest.push(event);
    expect(rest).toEqual([{ type: 'dtmf', digit: '1' }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that never starts is closed and refused in time, whatever the connection does then', async () => {
    const { clock, accepting, log } = createTable();
    await clock.advance(10_000);
    await expect(accepting).rejects.toMatchObject({ class: 'timeout', stage: 'telephony' });
    expect(log).toEqual(['close']);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each<[string, (events: ReturnType<typeof createTable>['events']) => void]>([
    ['ends', (events) => events.finish()],
    ['fails', (events) => events.fail(new TypeError('lost'))],
  ])('that %s before its start is refused', async (_, happens) => {
    const { clock, events, accepting, log } = createTable();
    happens(events);
    await expect(accepting).rejects.toThrow();
    expect(log).toEqual(['close']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps a bounded amount of early audio', async () => {
    const { events, accepting, hear } = createTable();
    for (let index = 0; index < 10_000; index += 1) hear('caller', new Uint8Array(160), index * 20);
    events.push(start);
    let frames = 0;
    (await accepting).onAudio(() => (frames += 1));
    expect(frames).toBe(250);
  });
});
