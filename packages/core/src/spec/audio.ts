// Audio formats as every contract names them.

/** Sample encodings core can convert between. `mulaw` and `alaw` are ITU-T G.711; `pcm_s16le` is signed 16-bit little-endian. */
export type AudioEncoding = 'pcm_s16le' | 'mulaw' | 'alaw';

/** Agreed once when a stream opens and never changed afterwards. `sampleRate` in Hz; two channels are interleaved. */
export interface AudioFormat {
  readonly encoding: AudioEncoding;
  readonly sampleRate: number;
  readonly channels: 1 | 2;
}
