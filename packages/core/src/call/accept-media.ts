// From a connection to media of a call: waits for the start message, keeps the audio that comes before anyone listens.
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
  readonly clock: Clock;
  /** Default 10,000. */
  readonly startWithinMs?: number | undefined;
  /** Opens the connection with this listener for its audio. */
  readonly open: (onAudio: MediaAudioListener) => MediaConnection;
}

const maxEarlyFrames = 250;

/** Throws a ProviderError when no start message comes in time, or the connection ends before it. */
export async function acceptMedia(options: AcceptMediaOptions): Promise<CallMedia> {
  const early: Parameters<MediaAudioListener>[] = [];
  let listener: MediaAudioListener = (...frame) => {
    if (early.length < maxEarlyFrames) early.push(frame);
  };
  const connection = options.open((track, audio, atMs) => {
    listener(track, audio, atMs);
  });
  const events = connection[Symbol.asyncIterator]();
  const start = await firstEvent(connection, events, options);
  return {
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

async function firstEvent(
  connection: MediaConnection,
  events: AsyncIterator<MediaEvent>,
  { provider, clock, startWithinMs = 10_000 }: AcceptMediaOptions,
): Promise<CallMedia['start']> {
  let isLate = false;
  const timer: TimerHandle = clock.setTimeout(() => {
    isLate = true;
    connection.close();
    connection.disconnected(1008);
  }, startWithinMs);
  try {
    for (;;) {
      const result = await events.next();
      if (result.done === true) break;
      if (result.value.type === 'start') return result.value;
    }
  } catch (error) {
    if (!isLate) throw error;
  } finally {
    clock.clearTimeout(timer);
  }
  throw new ProviderError({
    class: isLate ? 'timeout' : 'protocol',
    provider,
    stage: 'telephony',
    message: isLate
      ? `No start message within ${startWithinMs} ms.`
      : 'The media connection ended before its start message.',
  });
}
