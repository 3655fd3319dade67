// The media connection of a simulated call: what the line says as media events, what core sends into the play-out buffer.
import {
  createEventQueue,
  ProviderError,
  type AudioFormat,
  type CallControl,
  type Clock,
  type EventQueue,
  type MediaAudioListener,
  type MediaConnection,
  type MediaEvent,
  type TelephonyCapabilities,
} from '@voicewire/core/adapter';
import { TestingError } from '../testing-error.js';
import { openCallerLine, type CallerLine, type LinePort } from './caller-line.js';
import type { CallerScript } from './caller.js';
import { createPlayOut, type PlayOut } from './play-out.js';
import { startPlayReports } from './play-reports.js';
import { typedTurn } from './typed-text.js';

export interface LineConnectionOptions {
  readonly script: CallerScript;
  readonly clock: Clock;
  readonly capabilities: TelephonyCapabilities;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly callId: string;
  readonly tracks: readonly string[];
  readonly token?: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  readonly maxBufferMs?: number | undefined;
  readonly reportPlayedEveryMs?: number | undefined;
  readonly maxCallMs?: number | undefined;
  readonly record?: boolean | undefined;
}

/** What the other side asked of the carrier, with the call time in ms. */
export type CarrierLogEntry =
  | { readonly type: 'hangup' | 'close' | 'clear'; readonly atMs: number }
  | { readonly type: 'transfer'; readonly to: string; readonly atMs: number }
  | { readonly type: 'mark'; readonly id: string; readonly generation: number; readonly atMs: number }
  | { readonly type: 'dtmf'; readonly digits: string; readonly atMs: number };

/** `CarrierLogEntry` before it is stamped. */
type Command = CarrierLogEntry extends infer Entry
  ? Entry extends unknown
    ? Omit<Entry, 'atMs'>
    : never
  : never;

/** One call from its opening to its end. */
export interface SimulatedLine {
  readonly connection: MediaConnection;
  readonly line: CallerLine;
  readonly playOut: PlayOut;
  readonly openedMs: number;
  end(reason: 'hangup' | 'replaced'): void;
}

interface State {
  readonly options: LineConnectionOptions;
  readonly events: EventQueue<MediaEvent>;
  readonly openedMs: number;
  note(command: Command): void;
}

function createPort(state: State, onAudio: MediaAudioListener): LinePort {
  const { events, options } = state;
  return {
    audio(track, audio, atMs) {
      onAudio(track, audio, atMs);
    },
    dtmf: (digit, track) => events.push({ type: 'dtmf', digit, track }),
    typed(text, track, atMs) {
      if (!options.capabilities.transcripts) {
        throw new TestingError(
          'testing.fake_misuse',
          'This line declares no transcripts: pass capabilities: { transcripts: true }.',
        );
      }
      for (const event of typedTurn(text, atMs)) events.push({ type: 'transcript', track, event });
    },
    hangup() {
      events.push({ type: 'stop', reason: 'hangup' });
      events.finish();
    },
    lose: () =>
      events.fail(
        new ProviderError({
          class: 'unavailable',
          provider: 'simulated',
          stage: 'telephony',
          message: 'The simulated media connection was lost.',
        }),
      ),
  };
}

/** Marks cross the wire as one name. */
function readMark(name: string): { readonly id: string; readonly generation: number } {
  const [id, generation] = JSON.parse(name) as [string, number];
  return { id, generation };
}

/** Opens the line: start message at once, first frame after one frame's time. */
export function openSimulatedLine(
  options: LineConnectionOptions,
  onAudio: MediaAudioListener,
  note: (command: Command) => void,
): SimulatedLine {
  const { clock, capabilities, inbound, outbound, callId, tracks, token, parameters } = options;
  const events = createEventQueue<MediaEvent>();
  const state: State = { options, events, openedMs: clock.now(), note };
  const playOut = createPlayOut({
    format: outbound,
    clock,
    marks: capabilities.marks,
    clearReturnsMarks: capabilities.clearReturnsMarks,
    record: options.record,
    maxBufferMs: options.maxBufferMs ?? (capabilities.pacing === 'ours' ? 500 : undefined),
    onMark: (name) => events.push({ type: 'mark', ...readMark(name) }),
  });
  const labelled = tracks.map((label) => ({ label, format: inbound }));
  events.push({
    type: 'start',
    callId,
    streamId: `${callId}-stream`,
    token,
    tracks: labelled,
    outbound,
    parameters,
  });
  const { frameMs } = capabilities;
  const { script, maxCallMs } = options;
  const line = openCallerLine({
    clock,
    inbound,
    frameMs,
    tracks,
    script,
    maxCallMs,
    playOut,
    port: createPort(state, onAudio),
  });
  startPlayReports({
    playOut,
    clock,
    everyMs: options.reportPlayedEveryMs,
    isOpen: () => line.isOpen,
    onPlayed: (playedMs) => events.push({ type: 'played', playedMs, generation: playOut.clears }),
  });

  function end(reason: 'hangup' | 'replaced'): void {
    if (!line.isOpen) return;
    line.close();
    events.push({ type: 'stop', reason });
    events.finish();
  }
  return { connection: createConnection(state, playOut, line), line, playOut, openedMs: state.openedMs, end };
}

function createConnection({ events, note }: State, playOut: PlayOut, line: CallerLine): MediaConnection {
  function whileOpen(action: () => void): void {
    if (line.isOpen) action();
  }
  return {
    send: (audio) => whileOpen(() => playOut.send(audio)),
    mark: (id, generation) =>
      whileOpen(() => {
        note({ type: 'mark', id, generation });
        playOut.mark(JSON.stringify([id, generation]));
      }),
    clear: () =>
      whileOpen(() => {
        note({ type: 'clear' });
        playOut.clear();
      }),
    sendDtmf: (digits) => whileOpen(() => note({ type: 'dtmf', digits })),
    close: () =>
      whileOpen(() => {
        note({ type: 'close' });
        line.close();
        events.finish();
      }),
    buffered: 0,
    // There is no socket: nobody calls these.
    receive: () => undefined,
    disconnected: () => undefined,
    [Symbol.asyncIterator]: () => events[Symbol.asyncIterator](),
  };
}

/** Commands to the call, as far as `capabilities` declares them. */
export function createLineControl(
  line: () => SimulatedLine | undefined,
  note: (command: Command) => void,
): CallControl {
  return {
    hangup: async () => {
      note({ type: 'hangup' });
      line()?.end('hangup');
    },
    transfer: async (_callId, to) => {
      note({ type: 'transfer', to });
      line()?.end('replaced');
    },
    status: async () => (line()?.line.isOpen === true ? 'in-progress' : 'completed'),
  };
}
