// Reads word-coded sound back: bytes of any format in, words with their times out.
import { decodeSamples, sampleBytes, sampleCount, type SoundFormat } from './samples.js';
import { highTonesHz, letterOfTones, lowTonesHz, toneGridHz } from './word-code.js';

/** A word as it was heard; times in ms from the first byte. */
export interface HeardWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Listens to one stream of audio. Word times are exact to 10 ms. */
export interface WordReader {
  /** Everything before this is known: the present position, or the start of the word that is being heard. */
  readonly decidedMs: number;
  /** The words that were completed by `audio`; pieces may have any length. */
  read(audio: Uint8Array): readonly HeardWord[];
  /** The word that was begun and cut off, as far as it was heard. */
  cut(): readonly HeardWord[];
}

const hopMs = 10;
const windowMs = 1000 / toneGridHz;
/** Tones lie below 3 kHz, so every n-th sample is enough. */
const enoughHz = 8000;
/** Mean square below which a window is silent: about -47 dB below full scale. */
const silentPower = 150 * 150;
/** A tone pair must hold this share of a window's energy. */
const minPurity = 0.6;
/** Windows a letter must fill, and silent windows that end a word. */
const minRun = 2;

function energyOf(samples: Int16Array): number {
  let sum = 0;
  for (let index = 0; index < samples.length; index += 1) {
    const sample = samples[index] ?? 0;
    sum += sample * sample;
  }
  return sum;
}

/** Goertzel: the energy of `samples` at one frequency, in the measure of `energyOf`. `coefficient`: 2 cos of its step. */
function energyAt(samples: Int16Array, coefficient: number): number {
  let previous = 0;
  let beforePrevious = 0;
  for (let index = 0; index < samples.length; index += 1) {
    const value = (samples[index] ?? 0) + coefficient * previous - beforePrevious;
    beforePrevious = previous;
    previous = value;
  }
  const power =
    previous * previous + beforePrevious * beforePrevious - coefficient * previous * beforePrevious;
  return (2 * power) / samples.length;
}

/**
 * `within`: what all tones together can hold. What is left of it for those not asked is `rest`. `needed`: whoever holds less is
 * of no use.
 */
function strongest(
  samples: Int16Array,
  coefficients: Float64Array,
  within: number,
  needed: number,
): { index: number; energy: number; rest: number } {
  let best = 0;
  let most = 0;
  let rest = within;
  // Tones are orthogonal: one that holds more than is left is the strongest, whoever holds that.
  for (let index = 0; index < coefficients.length && rest >= most && rest >= needed; index += 1) {
    const energy = energyAt(samples, coefficients[index] ?? 0);
    rest -= energy;
    if (energy <= most) continue;
    best = index;
    most = energy;
  }
  return { index: best, energy: most, rest };
}

/** What a window holds: silence, a tone pair by its number, or neither. */
type Window = 'silent' | 'unclear' | number;

function createClassifier(rate: number): (samples: Int16Array) => Window {
  const toCoefficient = (hz: number): number => 2 * Math.cos((2 * Math.PI * hz) / rate);
  const lows = Float64Array.from(lowTonesHz, toCoefficient);
  const highs = Float64Array.from(highTonesHz, toCoefficient);
  let last = 0;

  /** Two that each hold more than all others together are the strongest, whatever those hold. */
  function isLast(samples: Int16Array, energy: number): boolean {
    const low = energyAt(samples, lows[last % lows.length] ?? 0);
    const high = energyAt(samples, highs[Math.floor(last / lows.length)] ?? 0);
    return Math.min(low, high) > energy - low - high && low + high >= minPurity * energy;
  }

  return (samples) => {
    const energy = energyOf(samples);
    if (energy < silentPower * samples.length) return 'silent';
    // Most windows hold what the one before held, and then there is no need to ask for the other sixteen.
    if (isLast(samples, energy)) return last;
    const low = strongest(samples, lows, energy, 0);
    const needed = minPurity * energy - low.energy;
    const high = strongest(samples, highs, low.rest, needed);
    if (high.energy < needed) return 'unclear';
    last = high.index * lows.length + low.index;
    return last;
  };
}

/** Every n-th sample is enough. */
function decimation({ sampleRate }: SoundFormat): number {
  return Math.max(1, Math.floor(sampleRate / enoughHz));
}

/** Windows of `windowMs` every `hopMs` out of bytes cut anywhere. The samples are only lent. */
function createWindows(
  format: SoundFormat,
  onWindow: (samples: Int16Array) => void,
): (audio: Uint8Array) => void {
  const step = decimation(format);
  const stride = step * format.channels;
  const rate = format.sampleRate / step;
  const hop = (rate * hopMs) / 1000;
  const size = Math.round((rate * windowMs) / 1000);
  const unit = sampleBytes(format);
  let rest: Uint8Array = new Uint8Array();
  let kept = new Int16Array(4096);
  let keptLength = 0;
  let keptFrom = 0;
  let sampleIndex = 0;
  let windowIndex = 0;

  function keep(bytes: Uint8Array): void {
    const count = sampleCount(bytes, format);
    const needed = keptLength + Math.ceil(count / stride) + 1;
    if (needed > kept.length) {
      const larger = new Int16Array(needed * 2);
      larger.set(kept.subarray(0, keptLength));
      kept = larger;
    }
    // The next sample to keep lies where the last piece's rhythm puts it.
    const first = ((step - (sampleIndex % step)) % step) * format.channels;
    if (stride === 1) {
      decodeSamples(bytes, format, kept, keptLength);
      keptLength += count;
    } else {
      const samples = decodeSamples(bytes, format);
      for (let index = first; index < count; index += stride) kept[keptLength++] = samples[index] ?? 0;
    }
    sampleIndex += count / format.channels;
  }

  return (audio) => {
    const bytes = rest.length === 0 ? audio : Buffer.concat([rest, audio]);
    const whole = bytes.length - (bytes.length % unit);
    rest = new Uint8Array(bytes.subarray(whole));
    keep(bytes.subarray(0, whole));
    let start = Math.round(windowIndex * hop) - keptFrom;
    for (; start + size <= keptLength; start = Math.round(windowIndex * hop) - keptFrom) {
      onWindow(kept.subarray(start, start + size));
      windowIndex += 1;
    }
    const used = Math.min(start, keptLength);
    kept.copyWithin(0, used, keptLength);
    keptLength -= used;
    keptFrom += used;
  };
}

export function createWordReader(format: SoundFormat): WordReader {
  const classify = createClassifier(format.sampleRate / decimation(format));
  let words: HeardWord[] = [];
  let nowMs = 0;
  let startMs: number | undefined;
  let letters = '';
  let symbol: number | undefined;
  let run = 0;
  let silentRun = 0;

  function finish(endMs: number): void {
    if (startMs !== undefined && letters !== '') words.push({ text: letters, startMs, endMs });
    startMs = undefined;
    letters = '';
    symbol = undefined;
    run = 0;
  }

  function hearSymbol(heard: number): void {
    run = heard === symbol ? run + 1 : 1;
    symbol = heard;
    if (run === minRun)
      letters += letterOfTones(heard % lowTonesHz.length, Math.floor(heard / lowTonesHz.length)) ?? '?';
  }

  const push = createWindows(format, (samples) => {
    const heard = classify(samples);
    silentRun = heard === 'silent' ? silentRun + 1 : 0;
    // The first window that sounds began in the second half of a silent one.
    if (heard !== 'silent') startMs ??= nowMs === 0 ? 0 : nowMs + hopMs;
    if (typeof heard === 'number') hearSymbol(heard);
    if (silentRun === minRun) finish(nowMs - (minRun - 1) * hopMs);
    nowMs += hopMs;
  });

  function taken(): readonly HeardWord[] {
    const done = words;
    words = [];
    return done;
  }

  return {
    get decidedMs() {
      return startMs ?? nowMs;
    },
    read(audio) {
      push(audio);
      return taken();
    },
    cut() {
      finish(nowMs + hopMs);
      return taken();
    },
  };
}

/** All words of a whole recording. */
export function readWords(audio: Uint8Array, format: SoundFormat): readonly HeardWord[] {
  const reader = createWordReader(format);
  return [...reader.read(audio), ...reader.cut()];
}
