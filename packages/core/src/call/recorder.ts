// A call as a stereo recording: the caller left, the agent right, as it was heard.
import { createConverter } from '../audio/convert.js';
import { samplesOf } from '../audio/pcm.js';
import { writeWav } from '../audio/wav.js';
import type { AudioFormat } from '../spec/audio.js';
import type { Call } from './call.js';

export interface Recorder {
  /** A whole WAV file: 16-bit stereo at `sampleRate`. */
  toWav(): Uint8Array;
  stop(): void;
}

export interface RecorderOptions {
  /** Hz. Default 8,000. */
  readonly sampleRate?: number | undefined;
  /** Longer calls are cut. Default 60. */
  readonly maxMinutes?: number | undefined;
}

/** Samples of one side, where they were heard. */
interface Side {
  readonly pieces: { readonly at: number; samples: Int16Array }[];
  end: number;
}

/** Records from now on, in memory, behind the call's mask gate. What a barge-in took back was not heard and is not kept. */
export function createRecorder(
  call: Call,
  { sampleRate = 8_000, maxMinutes = 60 }: RecorderOptions = {},
): Recorder {
  const sides: Record<'caller' | 'agent', Side> = {
    caller: { pieces: [], end: 0 },
    agent: { pieces: [], end: 0 },
  };
  const format: AudioFormat = { encoding: 'pcm_s16le', sampleRate, channels: 1 };
  const converters = new Map<string, ReturnType<typeof createConverter>>();
  const maxSamples = maxMinutes * 60 * sampleRate;
  /** Stretches nobody may hear, also of what was sent before and played in them. */
  const masked: { readonly from: number; to: number }[] = [];
  const toSamples = (ms: number): number => Math.round((ms * sampleRate) / 1000);

  const stops = [
    call.onAudio((side, track, audio, from, atMs) => {
      const key = `${side} ${track}`;
      const converter = converters.get(key) ?? createConverter(from, format);
      converters.set(key, converter);
      const samples = samplesOf(converter.push(audio));
      const at = Math.max(toSamples(atMs), side === 'agent' ? sides.agent.end : 0);
      if (samples.length === 0 || at + samples.length > maxSamples) return;
      sides[side].pieces.push({ at, samples });
      sides[side].end = Math.max(sides[side].end, at + samples.length);
    }),
    call.on('masking-changed', (event) => {
      const at = toSamples(event.atMs);
      const last = masked.at(-1);
      if (event.masked) masked.push({ from: at, to: Infinity });
      else if (last !== undefined) last.to = at;
    }),
    call.on('agent-paused', (event) => {
      takeBack(sides.agent, toSamples(event.atMs));
    }),
    call.on('agent-heard', (event) => {
      if (event.outcome !== 'heard') takeBack(sides.agent, toSamples(event.atMs));
    }),
  ];

  return {
    toWav() {
      const length = Math.max(sides.caller.end, sides.agent.end);
      const stereo = new Int16Array(length * 2);
      mix(stereo, sides.caller, 0);
      mix(stereo, sides.agent, 1);
      for (const { from, to } of masked) stereo.fill(0, from * 2, Math.min(to, length) * 2);
      return writeWav(new Uint8Array(stereo.buffer), { ...format, channels: 2 });
    },
    stop() {
      for (const stop of stops) stop();
    },
  };
}

/** What would have been played after this moment never was. */
function takeBack(side: Side, from: number): void {
  for (const piece of side.pieces) {
    if (piece.at + piece.samples.length > from)
      piece.samples = piece.samples.subarray(0, Math.max(0, from - piece.at));
  }
  side.end = Math.min(side.end, from);
}

function mix(stereo: Int16Array, side: Side, channel: 0 | 1): void {
  for (const { at, samples } of side.pieces) {
    for (let index = 0; index < samples.length; index += 1)
      stereo[(at + index) * 2 + channel] = samples[index] ?? 0;
  }
}
