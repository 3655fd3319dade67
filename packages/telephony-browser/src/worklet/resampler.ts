// Sample-rate conversion inside the audio thread: one sample in, as many out as are due, nothing allocated after creation.

/** Give samples with `push` and take what is due with `pull`, as long as `isReady` says so. */
export interface SampleConverter {
  push(sample: number): void;
  isReady(): boolean;
  pull(): number;
}

/** Zero crossings of the low-pass on each side: 1 ms of look-ahead at 16 kHz. */
const zeroCrossings = 16;
/** Points of the low-pass per input sample; between them it is a straight line. */
const pointsPerSample = 128;
/** Of the lower Nyquist frequency; what lies above is damped. */
const passband = 0.92;
/** Kaiser's window for about 80 dB. */
const beta = 8;

/** Converts from `fromRate` to `toRate` (Hz, any ratio, 44 100 to 16 000 too). Output sample n is heard at n / toRate. */
export function createSampleConverter(fromRate: number, toRate: number): SampleConverter {
  const scale = Math.min(1, toRate / fromRate) * passband;
  const reach = fromRate === toRate ? 0 : Math.ceil(zeroCrossings / scale);
  const points = reach === 0 ? new Float32Array([1, 0]) : lowPass(reach, scale);
  const size = 2 ** Math.ceil(Math.log2(2 * reach + 2));
  const history = new Float32Array(size);
  const step = fromRate / toRate;
  let written = 0;
  let taken = 0;

  function pull(): number {
    const position = taken * step;
    taken += 1;
    const first = Math.floor(position) - reach + (reach === 0 ? 0 : 1);
    let sum = 0;
    for (let index = first; index <= Math.floor(position) + reach; index += 1) {
      const point = Math.abs(position - index) * pointsPerSample;
      const low = Math.floor(point);
      const left = points[low] ?? 0;
      const weight = left + ((points[low + 1] ?? 0) - left) * (point - low);
      sum += weight * (history[index & (size - 1)] ?? 0);
    }
    return sum;
  }

  return {
    push(sample) {
      history[written & (size - 1)] = sample;
      written += 1;
    },
    isReady: () => written > Math.floor(taken * step) + reach,
    pull,
  };
}

/** One half of a windowed sinc, by distance from its middle. */
function lowPass(reach: number, scale: number): Float32Array {
  const points = new Float32Array(reach * pointsPerSample + 2);
  for (let point = 0; point <= reach * pointsPerSample; point += 1) {
    const distance = point / pointsPerSample;
    const phase = Math.PI * distance * scale;
    const window = besselI0(beta * Math.sqrt(1 - (distance / reach) ** 2)) / besselI0(beta);
    points[point] = scale * (phase === 0 ? 1 : Math.sin(phase) / phase) * window;
  }
  return points;
}

/** The modified Bessel function of order zero, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
