// A caller and the carrier between, in one process and on any clock: a MediaConnection for `runCall`, with nothing in between.
import {
  systemClock,
  type AudioFormat,
  type CallControl,
  type Clock,
  type MediaAudioListener,
  type MediaConnection,
  type TelephonyCapabilities,
} from '@voicewire/core/adapter';
import { TestingError } from '../testing-error.js';
import type { CallerScript } from './caller.js';
import {
  createLineControl,
  openSimulatedLine,
  type CarrierLogEntry,
  type SimulatedLine,
} from './line-connection.js';
import { heardPlayed, heardWords, toText, type HeardCall } from './heard-call.js';

export interface SimulatedCallerOptions {
  /** What the caller does; at its end the caller hangs up. */
  readonly script: CallerScript;
  /** Default: the system's, that is real time. */
  readonly clock?: Clock | undefined;
  /** Differences to a carrier that buffers, marks what was played and clears: see `simulatedCapabilities`. */
  readonly capabilities?: Partial<TelephonyCapabilities> | undefined;
  /** Default µ-law 8 kHz, both ways. */
  readonly inbound?: AudioFormat | undefined;
  readonly outbound?: AudioFormat | undefined;
  readonly callId?: string | undefined;
  /** Labels of the tracks; the first is the caller's. Default `['caller']`. */
  readonly tracks?: readonly string[] | undefined;
  readonly token?: string | undefined;
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** Audio the carrier holds; more is dropped and counted. Default: any amount, with `pacing: 'ours'` 500. */
  readonly maxBufferMs?: number | undefined;
  /** Reports `played` so often, as a browser does. Default: never. */
  readonly reportPlayedEveryMs?: number | undefined;
  readonly maxCallMs?: number | undefined;
  /** False, for calls of hours: what was heard and asked is not kept. Default true. */
  readonly record?: boolean | undefined;
}

/** A caller, the carrier that brings the call, and what was heard of it. */
export interface SimulatedCaller extends HeardCall {
  readonly capabilities: TelephonyCapabilities;
  /** Commands of `runCall({ control })`; a hang-up or transfer ends the media with a `stop`. */
  readonly control: CallControl;
  /** Opens the line: the start message comes at once, frames follow. Once per caller. */
  open(onAudio: MediaAudioListener): MediaConnection;
  /** Rejects with what the script threw; resolves when the call is over, whoever ended it. */
  readonly done: Promise<void>;
  /** Everything asked of the carrier, in order. */
  readonly log: readonly CarrierLogEntry[];
}

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };

/** A carrier that buffers, returns marks when they were played, and can clear; marks outstanding at a clear come back. */
export const simulatedCapabilities: TelephonyCapabilities = {
  inbound: [telephone],
  outbound: [telephone],
  frameMs: 20,
  pacing: 'carrier',
  marks: 'played',
  clearReturnsMarks: true,
  clear: true,
  dtmfIn: true,
  dtmfOut: true,
  tracks: ['caller'],
  transcripts: false,
  control: {
    dial: false,
    hangup: true,
    transfer: true,
    warmTransfer: false,
    hold: false,
    recording: false,
    sendDtmf: false,
    redirect: false,
    status: true,
  },
};

/**
 * Makes a caller who acts by `script` and a carrier that brings the call.
 *
 * ```ts
 * const clock = createVirtualClock();
 * const caller = createSimulatedCaller({
 *   clock,
 *   script: async (caller) => {
 *     await caller.agentFinishes();             // the greeting
 *     await caller.say('where is my order');
 *     await caller.agentSpeaks(800);            // 800 ms into the answer …
 *     await caller.say('no wait');              // … the caller barges in
 *     await caller.agentFinishes();
 *   },                                          // and hangs up
 * });
 * const { capabilities, control, open } = caller;
 * const accepting = acceptMedia({ provider: 'simulated', capabilities, clock, open });
 * const call = runCall({ media: await accepting, control, clock, … });
 * await clock.run({ until: () => callIsDone });
 * await caller.done;                            // throws what the script threw
 * caller.heardText();                           // the agent's words that reached the ear
 * ```
 */
export function createSimulatedCaller(options: SimulatedCallerOptions): SimulatedCaller {
  const { clock = systemClock, tracks = ['caller'], inbound = telephone, outbound = telephone } = options;
  const own = { inbound: [inbound], outbound: [outbound], tracks };
  const capabilities: TelephonyCapabilities = { ...simulatedCapabilities, ...own, ...options.capabilities };
  const log: CarrierLogEntry[] = [];
  const createdMs = clock.now();
  let simulated: SimulatedLine | undefined;
  let settle: (outcome: Promise<void>) => void = () => undefined;
  const done = new Promise<void>((resolve) => (settle = resolve));
  done.catch(() => undefined);

  const note: Parameters<typeof createLineControl>[1] = (command) =>
    options.record !== false &&
    void log.push({ ...command, atMs: clock.now() - (simulated?.openedMs ?? createdMs) });

  function open(onAudio: MediaAudioListener): MediaConnection {
    if (simulated !== undefined) {
      throw new TestingError(
        'testing.fake_misuse',
        'A simulated caller makes one call: create another for the next.',
      );
    }
    const { callId = 'simulated-call', parameters = {} } = options;
    const line = { ...options, clock, capabilities, inbound, outbound, callId, tracks, parameters };
    simulated = openSimulatedLine(line, onAudio, note);
    settle(simulated.line.done);
    return simulated.connection;
  }

  return {
    capabilities,
    control: createLineControl(() => simulated, note),
    open,
    done,
    log,
    played: () => heardPlayed(() => simulated),
    heardWords: () => heardWords(() => simulated, outbound),
    heardText: () => toText(heardWords(() => simulated, outbound)),
    get clearedBytes() {
      return simulated?.playOut.clearedBytes ?? 0;
    },
    get overflowBytes() {
      return simulated?.playOut.overflowBytes ?? 0;
    },
  };
}
