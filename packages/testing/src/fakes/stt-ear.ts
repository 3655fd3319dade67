// What one connection to a fake recogniser is asked, hears and understands.
import { durationMs, type AudioFormat } from '@voicewire/core/adapter';
import {
  createScriptRecogniser,
  type RecogniserManner,
  type ScriptedWord,
  type ScriptRecogniser,
} from '../script-recogniser.js';
import { createWordReader, type WordReader } from '../oracle/word-reader.js';
import type { SttAsked, SttClientMessage, SttFakeEvent } from './dialects.js';

/** `sound`: whatever word-coded audio says (see `speechSound`); otherwise a script of timed words, whatever the audio. */
export type SttScript = 'sound' | readonly ScriptedWord[];

/** What one connection was sent and asked for. */
export interface SttHeard {
  readonly asked: SttAsked;
  readonly audioBytes: number;
  readonly audioMs: number;
  /** All audio in one piece; empty where the fake does not record. */
  audio(): Uint8Array;
  /** Messages other than audio, by type, in order. */
  readonly controls: readonly SttClientMessage['type'][];
  /** Audio messages that were empty, which some providers take for a close. */
  readonly emptyAudio: number;
}

export interface EarOptions extends RecogniserManner {
  readonly script: SttScript;
  readonly asked: SttAsked;
  readonly pauseMs?: number | undefined;
  readonly eagerPauseMs?: number | undefined;
  /** Whether audio is kept. */
  readonly record: boolean;
}

export interface Ear {
  readonly heard: SttHeard;
  hear(audio: Uint8Array): readonly SttFakeEvent[];
  decide(how: 'flush' | 'end'): readonly SttFakeEvent[];
  control(message: SttClientMessage): void;
}

interface State {
  readonly options: EarOptions;
  readonly controls: SttClientMessage['type'][];
  readonly kept: Uint8Array[];
  asked: SttAsked;
  audioBytes: number;
  emptyAudio: number;
  /** Made with the first audio: settings may come until then. */
  reader: WordReader | undefined;
  recogniser: ScriptRecogniser | undefined;
}

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };

export function createEar(options: EarOptions): Ear {
  const state: State = {
    options,
    controls: [],
    kept: [],
    asked: options.asked,
    audioBytes: 0,
    emptyAudio: 0,
    reader: undefined,
    recogniser: undefined,
  };
  return {
    heard: {
      get asked() {
        return state.asked;
      },
      get audioBytes() {
        return state.audioBytes;
      },
      get audioMs() {
        return audioMs(state);
      },
      audio: () => Buffer.concat(state.kept),
      controls: state.controls,
      get emptyAudio() {
        return state.emptyAudio;
      },
    },
    hear: (audio) => hear(state, audio),
    decide(how) {
      if (state.reader !== undefined) recogniserOf(state).add(state.reader.cut());
      return recogniserOf(state)[how](audioMs(state));
    },
    control(message) {
      state.controls.push(message.type);
      if (message.type === 'configure') state.asked = { ...state.asked, ...message.asked };
    },
  };
}

function formatOf({ asked }: State): AudioFormat {
  return asked.format ?? telephone;
}

function audioMs(state: State): number {
  return durationMs(state.audioBytes, formatOf(state));
}

function recogniserOf(state: State): ScriptRecogniser {
  const { script } = state.options;
  const { language, diarize } = state.asked;
  const words = script === 'sound' ? [] : script;
  return (state.recogniser ??= createScriptRecogniser(words, { ...state.options, language, diarize }));
}

function hear(state: State, audio: Uint8Array): readonly SttFakeEvent[] {
  if (audio.length === 0) state.emptyAudio += 1;
  state.audioBytes += audio.length;
  if (state.options.record) state.kept.push(audio);
  const recogniser = recogniserOf(state);
  if (state.options.script !== 'sound') return recogniser.hear(audioMs(state));
  state.reader ??= createWordReader(formatOf(state));
  recogniser.add(state.reader.read(audio));
  return recogniser.hear(state.reader.decidedMs);
}
