// From a connection to media of a call: waits for the start message, keeps the audio that comes before anyone listens.
import { systemClock } from '../clock/system-clock.js';
import { ProviderError } from '../errors/provider-error.js';
import type { Clock, TimerHandle } from '../spec/clock.js';
import type {
  MediaAudioListener,
  MediaConnection,
  MediaEvent,
  TelephonyCapabilities,
} from '../spec/telephony.js';
import type { CallMedia } from './call.js';

export interface AcceptMediaOptions {
  readonly provider: string;
  readonly capabilities: TelephonyCapabilities;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Default 10,000. */
  readonly startWithinMs?: number | undefined;
  /** Opens the connection with this listener for its audio. */
  readonly open: (onAudio: MediaAudioListener) => MediaConnection;
}

const maxEarlyFrames = 250;

/** Throws a ProviderError when no start message comes in time, or the connection ends before it. */
export async function acceptMedia(options: AcceptMediaOptions): Promise<CallMedia> {
  const early: Parameters<MediaAudioListener>[] = [];
  let listener: MediaAudioListener = (track, audio, atMs) => {
    // Kept bytes are copied: sockets read into pools.
    if (early.length < maxEarlyFrames) early.push([track, new Uint8Array(audio), atMs]);
  };
  const connection = options.open((track, audio, atMs) => {
    listener(track, audio, atMs);
  });
  const events = connection[Symbol.asyncIterator]();
  const start = await firstEvent(connection, events, options);
  return {
    provider: options.provider,
    start,
    connection,
    capabilities: options.capabilities,
    events: { [Symbol.asyncIterator]: () => events },
    onAudio(next) {
      listener = next;
      for (const frame of early.splice(0)) next(...frame);
    },
  };
}

/** Whatever the connection does, this settles in time; without a start the connection is closed. */
async function firstEvent(
  connection: MediaConnection,
  events: AsyncIterator<MediaEvent>,
  { provider, clock = systemClock, startWithinMs = 10_000 }: AcceptMediaOptions,
): Promise<CallMedia['start']> {
  const failed = (late: boolean): ProviderError =>
    new ProviderError({
      class: late ? 'timeout' : 'protocol',
      provider,
      stage: 'telephony',
      message: late
        ? `No start message within ${startWithinMs} ms.`
        : 'The media connection ended before its start message.',
    });
  let timer: TimerHandle | undefined;
  try {
    return await new Promise((resolve, reject) => {
      timer = clock.setTimeout(() => {
        reject(failed(true));
      }, startWithinMs);
      readStart(events).then((start) => {
        if (start === undefined) reject(failed(false));
        else resolve(start);
      }, reject);
    });
  } catch (error) {
    connection.close();
    connection.disconnected(1008);
    throw error;
  } finally {
    clock.clearTimeout(timer);
  }
}

async function readStart(events: AsyncIterator<MediaEvent>): Promise<CallMedia['start'] | undefined> {
  for (;;) {
    const result = await events.next();
    if (result.done === true) return undefined;
    if (result.value.type === 'start') return result.value;
  }
}
