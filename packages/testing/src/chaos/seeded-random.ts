// Chance that can be repeated: the same seeds give the same numbers.

/** Spreads every bit of `value` over all 32. */
function mixed(value: number): number {
  const once = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return (twice ^ (twice >>> 16)) >>> 0;
}

/** Far from round in binary: as a step it visits all 32-bit states. */
const step = 0x9e3779b9;

/** Numbers from 0 to 1, 1 excluded, drawn from all of `seeds` together. */
export function seededRandom(...seeds: readonly number[]): () => number {
  let state = seeds.reduce((sum, seed) => mixed(sum + seed + step), 0);
  return () => {
    state = (state + step) >>> 0;
    return mixed(state) / 2 ** 32;
  };
}
