// A text-to-speech adapter without a provider: word-coded sound with true word times, on any clock, with no I/O.
import {
  checkTtsRequest,
  ProviderError,
  systemClock,
  type SpeakOptions,
  type TimerHandle,
  type TtsAdapter,
  type TtsCapabilities,
  type TtsEvent,
  type TtsRequest,
  type TtsSession,
  type TtsUtterance,
  type VoiceError,
} from '@voicewire/core/adapter';
import { createSpeechPlan } from '../speech-plan.js';
import { TestingError } from '../testing-error.js';
import { faultAt, scriptedError, type ScriptedFault, type ScriptedFaults } from './scripted-fault.js';
import { toUtterance, type ScriptedSpeech } from './scripted-speech.js';
import { createTimedOutput } from './timed-output.js';

export interface ScriptedTtsOptions {
  readonly provider?: string | undefined;
  readonly capabilities?: Partial<TtsCapabilities> | undefined;
  /** Every character takes this long, spaces included. Default 60. */
  readonly msPerChar?: number | undefined;
  /** Text waited for before speaking begins without a flush or an end, in characters. Default 40. */
  readonly bufferChars?: number | undefined;
  /** How much audio an event holds at most. Default 240. */
  readonly chunkMs?: number | undefined;
  /** `firstAudioMs`: from the text that lets speaking begin. `speed`: audio ms made per ms. Default: at once, any amount. */
  readonly delays?:
    | {
        readonly readyMs?: number | undefined;
        readonly firstAudioMs?: number | undefined;
        readonly speed?: number | undefined;
      }
    | undefined;
  /** By utterance, over all sessions. */
  readonly faults?: ScriptedFaults | undefined;
  /** By session: `refuse`, `hang`, and `fail` after `afterMs` (default at once) apply. */
  readonly sessionFaults?: ScriptedFaults | undefined;
  /** False, for calls of hours: what it was asked is not kept. Default true. */
  readonly record?: boolean | undefined;
  /** What may be said, in order; anything else is refused with `testing.unscripted`. Default: anything. */
  readonly lines?: readonly (string | RegExp)[] | undefined;
}

/** What one utterance was given. */
export interface ScriptedTtsRecord {
  readonly options: SpeakOptions;
  readonly text: string;
  readonly hasEnded: boolean;
  readonly spokenMs: number;
}

export interface ScriptedTts extends TtsAdapter {
  readonly sessions: readonly TtsRequest[];
  readonly utterances: readonly ScriptedTtsRecord[];
  /** Throws `testing.unused_steps` when a line of the script was not said. */
  assertAllSaid(): void;
}

const telephone = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;

/** A provider with word times that takes text piece by piece, three utterances at once. */
export const scriptedTtsCapabilities: TtsCapabilities = {
  formats: [
    telephone,
    { encoding: 'pcm_s16le', sampleRate: 8000, channels: 1 },
    { encoding: 'pcm_s16le', sampleRate: 16000, channels: 1 },
  ],
  wordTimings: true,
  textStreaming: true,
  concurrentUtterances: 3,
};

/** What the sessions of one adapter share. */
interface Voice {
  readonly options: ScriptedTtsOptions;
  readonly provider: string;
  readonly capabilities: TtsCapabilities;
  readonly speeches: ScriptedSpeech[];
  count: number;
}

function ttsError(provider: string, errorClass: 'capacity' | 'aborted', message: string): ProviderError {
  return new ProviderError({ class: errorClass, provider, stage: 'tts', message });
}

function beginSpeech(
  voice: Voice,
  request: TtsRequest,
  speak: SpeakOptions,
  notBeforeMs: number,
): ScriptedSpeech {
  const { options, provider, capabilities, speeches } = voice;
  const { msPerChar, bufferChars, chunkMs, lines, delays = {} } = options;
  const clock = request.clock ?? systemClock;
  const index = voice.count;
  voice.count += 1;
  const fault =
    faultAt(options.faults, index) ??
    (notBeforeMs === Number.POSITIVE_INFINITY ? { type: 'hang' } : undefined);
  const output = createTimedOutput<TtsEvent>({
    source: { provider, stage: 'tts' },
    clock,
    signal: speak.signal,
    fault,
  });
  if (lines !== undefined && index >= lines.length) {
    output.fail(
      new TestingError(
        'testing.unscripted',
        `The script of ${provider} has ${lines.length} line(s), and one more was to be said.`,
      ),
    );
  }
  const speech: ScriptedSpeech = {
    options: speak,
    plan: createSpeechPlan({ format: request.format, msPerChar, bufferChars, chunkMs }),
    output,
    clock,
    line: lines?.[index],
    wordTimings: capabilities.wordTimings,
    notBeforeMs,
    firstAudioMs: delays.firstAudioMs ?? 0,
    speed: delays.speed ?? Number.POSITIVE_INFINITY,
    madeMs: undefined,
    hasEnded: false,
  };
  if (options.record !== false) speeches.push(speech);
  return speech;
}

interface SessionState {
  readonly voice: Voice;
  readonly request: TtsRequest;
  readonly fault: ScriptedFault | undefined;
  readonly readyAtMs: number;
  speeches: readonly ScriptedSpeech[];
  timers: readonly (TimerHandle | undefined)[];
  isOver: boolean;
  onAbort(): void;
  becomeReady: { resolve(): void; reject(reason: unknown): void };
  settle(error: VoiceError | undefined): void;
}

function openSession(voice: Voice, request: TtsRequest, fault: ScriptedFault | undefined): TtsSession {
  const { provider, options } = voice;
  const { clock = systemClock, signal } = request;
  const readyMs = fault?.type === 'hang' ? Number.POSITIVE_INFINITY : (options.delays?.readyMs ?? 0);
  const state: SessionState = {
    voice,
    request,
    fault,
    readyAtMs: clock.now() + readyMs,
    speeches: [],
    timers: [],
    isOver: false,
    onAbort: () => endSession(state, undefined, signal.reason),
    becomeReady: { resolve: () => undefined, reject: () => undefined },
    settle: () => undefined,
  };
  const closed = new Promise<VoiceError | undefined>((resolve) => (state.settle = resolve));
  const ready = new Promise<void>((resolve, reject) => (state.becomeReady = { resolve, reject }));
  // Nobody has to wait for it.
  ready.catch(() => undefined);

  signal.addEventListener('abort', state.onAbort);
  if (signal.aborted) state.onAbort();
  else if (fault?.type === 'refuse') strikeSession(state);
  else if (readyMs === 0) state.becomeReady.resolve();
  else if (readyMs < Number.POSITIVE_INFINITY)
    state.timers = [clock.setTimeout(() => state.becomeReady.resolve(), readyMs)];
  if (fault?.type === 'fail' && !state.isOver) {
    state.timers = [...state.timers, clock.setTimeout(() => strikeSession(state), fault.afterMs ?? 0)];
  }
  const closing = ttsError(provider, 'aborted', `The session with ${provider} was closed.`);
  return {
    ready,
    closed,
    speak: (speak) => speakOn(state, speak),
    close: () => endSession(state, undefined, closing),
  };
}

/** Once: utterances fail with `reason`, `closed` resolves with `error`. */
function endSession(state: SessionState, error: VoiceError | undefined, reason: unknown): void {
  const { clock = systemClock, signal } = state.request;
  if (state.isOver) return;
  state.isOver = true;
  for (const timer of state.timers) clock.clearTimeout(timer);
  signal.removeEventListener('abort', state.onAbort);
  for (const { output } of state.speeches) output.fail(reason);
  state.becomeReady.reject(reason);
  state.settle(error);
}

function strikeSession(state: SessionState): void {
  const { fault, voice } = state;
  if (fault?.type !== 'refuse' && fault?.type !== 'fail') return;
  const error = scriptedError({ provider: voice.provider, stage: 'tts' }, fault);
  endSession(state, error, error);
}

function speakOn(state: SessionState, speak: SpeakOptions): TtsUtterance {
  const { voice, request, readyAtMs } = state;
  const { provider, capabilities } = voice;
  const limit = capabilities.concurrentUtterances;
  state.speeches = state.speeches.filter(({ output }) => !output.isOver);
  if (state.speeches.length >= limit) {
    throw ttsError(provider, 'capacity', `${provider} speaks ${limit} utterance(s) at once on one session.`);
  }
  const speech = beginSpeech(voice, request, speak, readyAtMs);
  state.speeches = [...state.speeches, speech];
  if (state.isOver)
    speech.output.fail(ttsError(provider, 'aborted', `The session with ${provider} is over.`));
  return toUtterance(speech);
}

/**
 * Makes a text-to-speech adapter that speaks word-coded sound, at once unless `delays` say otherwise: what a caller heard of
 * it can be read back word by word. `utterances` records what it was told to say.
 */
export function createScriptedTts(options: ScriptedTtsOptions = {}): ScriptedTts {
  const { provider = 'scripted', lines = [] } = options;
  const capabilities: TtsCapabilities = { ...scriptedTtsCapabilities, ...options.capabilities };
  const voice: Voice = { options, provider, capabilities, speeches: [], count: 0 };
  const sessions: TtsRequest[] = [];
  return {
    kind: 'tts',
    specVersion: 1,
    provider,
    healthKey: `${provider}@script`,
    capabilities,
    sessions,
    get utterances() {
      return voice.speeches.map(({ options: speak, plan, hasEnded }) => ({
        options: speak,
        text: plan.text,
        hasEnded,
        spokenMs: plan.spokenMs,
      }));
    },
    connect(request) {
      checkTtsRequest(provider, capabilities, request);
      sessions.push(request);
      return openSession(voice, request, faultAt(options.sessionFaults, sessions.length - 1));
    },
    assertAllSaid() {
      const unsaid = lines.slice(voice.count).map(String);
      if (unsaid.length === 0) return;
      throw new TestingError('testing.unused_steps', `These lines were never said: ${unsaid.join(' | ')}`);
    },
  };
}
