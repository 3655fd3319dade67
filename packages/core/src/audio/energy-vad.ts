// Whether somebody speaks, by loudness alone: power above a noise floor that adapts, in two bands, counted in audio time.
import { ConfigError } from '../errors/config-error.js';
import type { AudioFormat } from '../spec/audio.js';
import { createBandMeter } from './band-meter.js';
import { formatProblem } from './format.js';
import { createNoiseFloor } from './noise-floor.js';

export interface EnergyVadOptions {
  readonly format: AudioFormat;
  /** How far above the noise speech must be, in the louder of two bands. Default 8 dB. */
  readonly thresholdDb?: number | undefined;
  /** Shorter sounds are clicks. Default 60. */
  readonly minSpeechMs?: number | undefined;
  /** Shorter gaps belong to the speech around them. Default 200. */
  readonly minSilenceMs?: number | undefined;
}

/** Speech began or ended. `atMs` is where it did in the audio, which is before it could be known. */
export interface VadChange {
  readonly type: 'speech-start' | 'speech-end';
  readonly atMs: number;
}

export interface EnergyVad {
  readonly isSpeech: boolean;
  /**
   * Takes bytes in pieces of any length; returns the change of `isSpeech`, if there was one. Keep pieces shorter than
   * `minSpeechMs` + `minSilenceMs`: speech that begins and ends within one piece is no change.
   */
  push(audio: Uint8Array): VadChange | undefined;
}

/** Speech that goes on may be this much softer than speech that begins. */
const releaseDb = 3;

/** Makes a detector for one stream. Throws `ConfigError` (`config.audio_format`) for a format core does not know. */
export function createEnergyVad(options: EnergyVadOptions): EnergyVad {
  const { format, thresholdDb = 8, minSpeechMs = 60, minSilenceMs = 200 } = options;
  const problem = formatProblem(format);
  if (problem) throw new ConfigError(problem);
  const startRatio = 10 ** (thresholdDb / 10);
  const keepRatio = 10 ** ((thresholdDb - releaseDb) / 10);
  const lowFloor = createNoiseFloor();
  const highFloor = createNoiseFloor();
  const meter = createBandMeter(format, (low, high) => {
    const ratio = gate.isSpeech ? keepRatio : startRatio;
    // Both floors must hear every block, so no short circuit.
    const isLowLoud = low > lowFloor.update(low) * ratio;
    const isHighLoud = high > highFloor.update(high) * ratio;
    gate.update(isLowLoud || isHighLoud);
  });
  const gate = createGate({ blockMs: meter.blockMs, minSpeechMs, minSilenceMs });
  // A field that is kept, not a getter: V8 keeps literals with getters as dictionaries, and this is read for every frame.
  const vad = {
    isSpeech: false,
    push(audio: Uint8Array): VadChange | undefined {
      meter.push(audio);
      if (gate.isSpeech === vad.isSpeech) return undefined;
      vad.isSpeech = gate.isSpeech;
      return { type: gate.isSpeech ? 'speech-start' : 'speech-end', atMs: gate.changedAt * meter.blockMs };
    },
  };
  return vad;
}

interface GateOptions {
  readonly blockMs: number;
  readonly minSpeechMs: number;
  readonly minSilenceMs: number;
}

/** Turns loud and quiet blocks into speech and silence: clicks don't open it, short gaps don't close it. */
function createGate({ blockMs, minSpeechMs, minSilenceMs }: GateOptions) {
  const speechBlocks = Math.ceil(minSpeechMs / blockMs);
  const silenceBlocks = Math.ceil(minSilenceMs / blockMs);
  const gate = { update, isSpeech: false, changedAt: 0 };
  let block = 0;
  /** While silent: loud blocks less twice the quiet ones since `loudFrom`. While speaking: loud blocks in a row. */
  let loud = 0;
  let loudFrom = 0;
  let quietFrom = 0;

  function update(isLoud: boolean): void {
    block += 1;
    if (gate.isSpeech) whileSpeaking(isLoud);
    else whileSilent(isLoud);
  }

  function whileSilent(isLoud: boolean): void {
    if (isLoud && loud === 0) loudFrom = block - 1;
    loud = isLoud ? loud + 1 : Math.max(0, loud - 2);
    if (loud >= speechBlocks) change(true, loudFrom);
  }

  function whileSpeaking(isLoud: boolean): void {
    loud = isLoud ? loud + 1 : 0;
    // One loud block alone is a click and does not prolong speech.
    if (loud >= 2) quietFrom = block;
    else if (block - quietFrom >= silenceBlocks) change(false, quietFrom);
  }

  function change(toSpeech: boolean, at: number): void {
    gate.isSpeech = toSpeech;
    gate.changedAt = at;
    quietFrom = block;
    loud = 0;
  }

  return gate;
}
