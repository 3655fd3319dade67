// A voice's audio stream that begins with a WAV header although raw audio was expected.
import { describeProblem, type ConfigProblem } from '../errors/config-error.js';
import { ProviderError } from '../errors/provider-error.js';
import type { AudioFormat } from '../spec/audio.js';
import { isAudioEncoding } from './format.js';
import { looksLikeWav, readWavHeader, type WavHeader } from './wav-header.js';

export interface WavHeaderStripper {
  /** What the header says the audio is, from the first audio on; nothing for a stream without a header. */
  readonly format: AudioFormat | undefined;
  /**
   * Gives the audio inside, and nothing while the header is still coming. A stream without one passes unchanged.
   * Throws `ProviderError` (`protocol`) for a header that can't be read or names audio core does not know.
   */
  push(bytes: Uint8Array): Uint8Array;
  /**
   * The few bytes held back where the stream was too short to tell. Throws as `push` does for half a header.
   * Afterwards a new stream may begin.
   */
  flush(): Uint8Array;
}

/** More than any real header, and all that is kept while waiting for the end of one. */
const maxHeaderBytes = 65_536;
const nothing = new Uint8Array(0);

/** Makes a stripper for one stream; `provider` is named in its errors. */
export function stripWavHeader(provider: string): WavHeaderStripper {
  let head: Uint8Array = nothing;
  let format: AudioFormat | undefined;
  /** Bytes of audio still to come before what follows it in the file; nothing while that is not known. */
  let audioLeft: number | undefined;

  function push(bytes: Uint8Array): Uint8Array {
    if (audioLeft !== undefined) return take(bytes);
    head = Buffer.concat([head, bytes]);
    const isWav = looksLikeWav(head);
    if (isWav === undefined) return nothing;
    if (!isWav) return begin(0, Infinity);
    const result = readWavHeader(head);
    if (result.state === 'found') {
      format = formatOf(result.header);
      return begin(result.header.dataStart, result.header.dataBytes || Infinity);
    }
    if (result.state === 'broken' || head.length > maxHeaderBytes) throw failure(result.problem);
    return nothing;
  }

  function begin(start: number, length: number): Uint8Array {
    const audio = head.subarray(start);
    head = nothing;
    audioLeft = length;
    return take(audio);
  }

  function take(bytes: Uint8Array): Uint8Array {
    const left = audioLeft ?? 0;
    const audio = bytes.length > left ? bytes.subarray(0, left) : bytes;
    audioLeft = left - audio.length;
    return audio;
  }

  function flush(): Uint8Array {
    const rest = head;
    head = nothing;
    format = undefined;
    audioLeft = undefined;
    if (!looksLikeWav(rest)) return rest;
    const result = readWavHeader(rest);
    if (result.state === 'found') return nothing;
    throw failure(result.problem);
  }

  function formatOf({ encoding, sampleRate, channels }: WavHeader): AudioFormat {
    if (isAudioEncoding(encoding)) return { encoding, sampleRate, channels };
    throw failure({ code: 'config.wav', message: 'this kind of WAV can not be streamed', found: encoding });
  }

  function failure(problem: ConfigProblem): ProviderError {
    const message = `The voice's audio has a WAV header that can not be read: ${describeProblem(problem)}`;
    return new ProviderError({ class: 'protocol', provider, stage: 'tts', message });
  }

  return {
    get format() {
      return format;
    },
    push,
    flush,
  };
}
