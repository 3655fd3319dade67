// Power spectra of short windows: a plain radix-2 FFT, enough for fingerprints of telephone speech.

/** Power per frequency bin of a window of `size` samples (a power of two): `size / 2` bins, Hann-weighted. */
export interface Spectrum {
  power(samples: Float32Array, start: number): Float32Array;
}

export function createSpectrum(size: number): Spectrum {
  const hann = Float32Array.from(
    { length: size },
    (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / size),
  );
  const cos = Float32Array.from({ length: size / 2 }, (_, index) => Math.cos((2 * Math.PI * index) / size));
  const sin = Float32Array.from({ length: size / 2 }, (_, index) => Math.sin((2 * Math.PI * index) / size));
  const bits = Math.log2(size);
  const order = Uint32Array.from({ length: size }, (_, index) => reverseBits(index, bits));
  const real = new Float32Array(size);
  const imaginary = new Float32Array(size);
  const power = new Float32Array(size / 2);

  function butterflies(span: number): void {
    const step = size / (span * 2);
    for (let block = 0; block < size; block += span * 2) {
      for (let offset = 0; offset < span; offset += 1) {
        const upper = block + offset;
        const lower = upper + span;
        const wr = cos[offset * step] ?? 0;
        const wi = -(sin[offset * step] ?? 0);
        const lr = real[lower] ?? 0;
        const li = imaginary[lower] ?? 0;
        const tr = lr * wr - li * wi;
        const ti = lr * wi + li * wr;
        real[lower] = (real[upper] ?? 0) - tr;
        imaginary[lower] = (imaginary[upper] ?? 0) - ti;
        real[upper] = (real[upper] ?? 0) + tr;
        imaginary[upper] = (imaginary[upper] ?? 0) + ti;
      }
    }
  }

  return {
    power(samples, start) {
      for (let index = 0; index < size; index += 1) {
        const place = order[index] ?? 0;
        real[place] = (samples[start + index] ?? 0) * (hann[index] ?? 0);
        imaginary[place] = 0;
      }
      for (let span = 1; span < size; span *= 2) butterflies(span);
      for (let bin = 0; bin < size / 2; bin += 1)
        power[bin] = (real[bin] ?? 0) ** 2 + (imaginary[bin] ?? 0) ** 2;
      return power;
    },
  };
}

function reverseBits(value: number, bits: number): number {
  let reversed = 0;
  for (let bit = 0; bit < bits; bit += 1) if ((value >> bit) & 1) reversed |= 1 << (bits - 1 - bit);
  return reversed;
}
