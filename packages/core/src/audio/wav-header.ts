// Finding the audio inside a RIFF/WAVE container. What a header says of sizes is a claim, never trusted.
import type { ConfigProblem } from '../errors/config-error.js';
import type { AudioEncoding } from '../spec/audio.js';
import { formatProblem } from './format.js';

/** What is not an `AudioEncoding` but can be turned into one: unsigned and wider integers, floats. */
export type ForeignEncoding = 'pcm_u8' | 'pcm_s24le' | 'pcm_s32le' | 'float_32le' | 'float_64le';

export interface WavHeader {
  readonly encoding: AudioEncoding | ForeignEncoding;
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  /** Where the audio begins. */
  readonly dataStart: number;
  /** Bytes of audio as claimed; nothing where it was written before the length was known. Some writers claim 0 then. */
  readonly dataBytes: number | undefined;
  /** Bytes of the whole file as claimed. */
  readonly fileBytes: number;
}

/** `incomplete`: more bytes could still mend it. `broken`: none can. */
export type WavHeaderResult =
  | { readonly state: 'found'; readonly header: WavHeader }
  | { readonly state: 'incomplete' | 'broken'; readonly problem: ConfigProblem };

type SampleLayout = Pick<WavHeader, 'encoding' | 'sampleRate' | 'channels'>;

/** By format tag and the bits a sample takes, whatever number of them is used. */
const encodings: ReadonlyMap<string, WavHeader['encoding']> = new Map([
  ['1/16', 'pcm_s16le'],
  ['6/8', 'alaw'],
  ['7/8', 'mulaw'],
  ['1/8', 'pcm_u8'],
  ['1/24', 'pcm_s24le'],
  ['1/32', 'pcm_s32le'],
  ['3/32', 'float_32le'],
  ['3/64', 'float_64le'],
]);
const extensibleTag = 0xfffe;
/** The rest of an extensible format's GUID, after the tag it begins with. */
const guidTail = '000000001000800000aa00389b71';
const maxChunks = 100;
const maxFormatBytes = 4_096;
/** Writers that don't know the length claim the largest one, some of them signed and rounded down. */
const endlessBytes = 0x7fff_f000;

/** Whether the bytes begin like a WAV file; nothing while there are too few to tell. */
export function looksLikeWav(bytes: Uint8Array): boolean | undefined {
  const isPossible = 'RIFF'.startsWith(text(bytes, 0, 4)) && 'WAVE'.startsWith(text(bytes, 8, 4));
  if (!isPossible) return false;
  return bytes.length < 12 ? undefined : true;
}

/** Reads the header at the beginning of `bytes`, which may be a whole file or the first part of one. */
export function readWavHeader(bytes: Uint8Array): WavHeaderResult {
  if (!looksLikeWav(bytes)) {
    const found = `${bytes.length} bytes beginning with ${quote(text(bytes, 0, 4))}`;
    return broken('this is not a WAV file; save it as one', found, 'RIFF, its size, WAVE');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let layout: SampleLayout | undefined;
  let at = 12;
  for (let chunk = 0; chunk < maxChunks && at + 8 <= bytes.length; chunk += 1) {
    const id = text(bytes, at, 4);
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (id === 'data') return layout ? found(view, layout, body, size) : broken(...dataFirst);
    if (id === 'fmt ' && (size < 16 || size > maxFormatBytes)) {
      const allowed = `16 to ${maxFormatBytes} bytes`;
      return broken('the fmt chunk of this WAV file has an impossible size', `${size} bytes`, allowed);
    }
    if (size > bytes.length - body) {
      const claim = `chunk ${quote(id)} of ${size} bytes, ${bytes.length - body} bytes after it`;
      return incomplete('this WAV file ends inside a chunk before its audio', claim);
    }
    if (id === 'fmt ' && !layout) {
      const result = readLayout(view, body, size);
      if ('code' in result) return { state: 'broken', problem: result };
      layout = result;
    }
    // A chunk of odd size is followed by a zero, which some writers forget; no chunk's name begins with one.
    at = body + size + (size % 2 === 1 && !bytes[body + size] ? 1 : 0);
  }
  if (at + 8 > bytes.length)
    return incomplete('this WAV file ends before its audio', `${bytes.length} bytes`);
  return broken('this WAV file has too many chunks before its audio', `${maxChunks} without a data chunk`);
}

const dataFirst = [
  'this WAV file has its audio before it says what kind it is',
  'a data chunk before fmt',
] as const;

function found(view: DataView, layout: SampleLayout, dataStart: number, size: number): WavHeaderResult {
  const dataBytes = size < endlessBytes ? size : undefined;
  return {
    state: 'found',
    header: { ...layout, dataStart, dataBytes, fileBytes: view.getUint32(4, true) + 8 },
  };
}

function readLayout(view: DataView, at: number, size: number): SampleLayout | ConfigProblem {
  const tag = view.getUint16(at, true);
  const channels = view.getUint16(at + 2, true);
  const sampleRate = view.getUint32(at + 4, true);
  const blockBytes = view.getUint16(at + 12, true);
  const bits = view.getUint16(at + 14, true);
  if (channels !== 1 && channels !== 2) {
    return problem('this WAV file has too many or no channels; mix it down', `${channels}`, 'mono or stereo');
  }
  const coding = tag === extensibleTag ? extensibleCoding(view, at, size) : tag;
  const sampleBits = (blockBytes / channels) * 8;
  const encoding = encodings.get(`${coding}/${sampleBits}`);
  if (!encoding || bits > sampleBits) {
    const what = `format 0x${coding.toString(16)} with ${bits} bits, ${blockBytes} bytes for ${channels} channels`;
    return problem(
      'this kind of WAV is not supported; save it as 16-bit PCM',
      what,
      [...encodings.values()].join(', '),
    );
  }
  const { allowed } = formatProblem({ encoding: 'pcm_s16le', sampleRate, channels }) ?? {};
  if (allowed)
    return problem(
      'the sample rate of this WAV file is not supported; resample it',
      `${sampleRate} Hz`,
      allowed,
    );
  return { encoding, sampleRate, channels };
}

function extensibleCoding(view: DataView, at: number, size: number): number {
  if (size < 40) return extensibleTag;
  const guid = new Uint8Array(view.buffer, view.byteOffset + at + 26, 14);
  return Buffer.from(guid).toString('hex') === guidTail ? view.getUint16(at + 24, true) : extensibleTag;
}

function text(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

/** For messages: a file may hold anything. */
function quote(value: string): string {
  return JSON.stringify(value.replace(/[^ -~]/g, '?'));
}

function problem(message: string, found: string, allowed?: string): ConfigProblem {
  return { code: 'config.wav', message, found, allowed };
}

function broken(message: string, found: string, allowed?: string): WavHeaderResult {
  return { state: 'broken', problem: problem(message, found, allowed) };
}

function incomplete(message: string, found: string): WavHeaderResult {
  return { state: 'incomplete', problem: problem(`${message}; save or send it again`, found) };
}
