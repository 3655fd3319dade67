// Bytes to samples, by the oracle's own reading of ITU-T G.711: it must not share a mistake with what it judges.

/** Audio as bytes: the same shape as core's `AudioFormat`. */
export interface SoundFormat {
  readonly encoding: 'pcm_s16le' | 'mulaw' | 'alaw';
  readonly sampleRate: number;
  readonly channels: 1 | 2;
}

/** Bytes of one sample of every channel. */
export function sampleBytes({ encoding, channels }: SoundFormat): number {
  return (encoding === 'pcm_s16le' ? 2 : 1) * channels;
}

/** Codes are sent inverted: sign, three bits of segment, four of place in it. */
function mulawLevel(code: number): number {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132;
  return bits >= 128 ? -magnitude : magnitude;
}

/** Every second bit is sent inverted; the first segment is as wide as the second. */
function alawLevel(code: number): number {
  const bits = code ^ 0x55;
  const segment = (bits >> 4) & 7;
  const place = ((bits & 15) << 4) + 8;
  const magnitude = segment === 0 ? place : (place + 256) << (segment - 1);
  return bits >= 128 ? magnitude : -magnitude;
}

const levels = {
  mulaw: Int16Array.from({ length: 256 }, (_, code) => mulawLevel(code)),
  alaw: Int16Array.from({ length: 256 }, (_, code) => alawLevel(code)),
};

/** How many samples bytes are, those of all channels in turn. */
export function sampleCount(bytes: Uint8Array, { encoding }: SoundFormat): number {
  return encoding === 'pcm_s16le' ? bytes.length >> 1 : bytes.length;
}

/** Whole samples only. `into`, from `at` on, has room for them. */
export function decodeSamples(
  bytes: Uint8Array,
  format: SoundFormat,
  into = new Int16Array(sampleCount(bytes, format)),
  at = 0,
): Int16Array {
  // Loops: a mapping by `from` costs twenty times as much, and all sound of a run goes through here.
  const count = sampleCount(bytes, format);
  if (format.encoding === 'pcm_s16le') {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let index = 0; index < count; index += 1) into[at + index] = view.getInt16(index * 2, true);
    return into;
  }
  const table = levels[format.encoding];
  for (let index = 0; index < count; index += 1) into[at + index] = table[bytes[index] ?? 0] ?? 0;
  return into;
}
