// How loud a line is when nobody speaks: the minimum of the last seconds, as speech always has gaps and noise has none.

export interface NoiseFloor {
  /** Takes the power of the next block; returns the power of the noise as known now. */
  update(power: number): number;
}

/** Of the past, in blocks: noise that begins is known for what it is after `spans` × `spanBlocks`, about three seconds. */
const spanBlocks = 25;
const spans = 12;
/** Part of the last value kept, so that one quiet block among noisy ones does not count as a gap. */
const smoothing = 0.7;
/** At the start only so much is believed to be noise, or speech from the first moment would not be heard as such. */
const startBlocks = 30;
const startFloor = powerOf(-38);
/** A quieter line is not listened to more closely: this is the noise of G.711 itself and of breath. */
const lowestFloor = powerOf(-62);
/** Digital silence of a lost frame says nothing about the line; digital silence that stays does. */
const digitalSilence = 2;
const lostBlocks = 20;

/** Power of a level in dBFS, in squared 16-bit sample units. */
function powerOf(levelDbfs: number): number {
  return 32_768 ** 2 * 10 ** (levelDbfs / 10);
}

/** Makes a tracker for one band of one stream, in blocks of about ten milliseconds. */
export function createNoiseFloor(): NoiseFloor {
  /** The minimum of each span; the current one is `minima[span]`. */
  const minima = new Float64Array(spans).fill(Infinity);
  const state = { smoothed: 0, floor: startFloor };
  let span = 0;
  let blocksInSpan = 0;
  let blocks = 0;
  let silentBlocks = 0;

  function update(power: number): number {
    silentBlocks = power < digitalSilence ? silentBlocks + 1 : 0;
    if (silentBlocks > 0 && silentBlocks <= lostBlocks) return state.floor;
    state.smoothed = blocks === 0 ? power : smoothing * state.smoothed + (1 - smoothing) * power;
    if (blocksInSpan === spanBlocks) {
      span = (span + 1) % spans;
      minima[span] = Infinity;
      blocksInSpan = 0;
    }
    blocks += 1;
    blocksInSpan += 1;
    minima[span] = Math.min(minima[span] ?? Infinity, state.smoothed);
    let minimum = Infinity;
    for (let index = 0; index < spans; index += 1) minimum = Math.min(minimum, minima[index] ?? Infinity);
    if (blocks < startBlocks) minimum = Math.min(minimum, startFloor);
    state.floor = Math.max(minimum, lowestFloor);
    return state.floor;
  }

  return { update };
}
