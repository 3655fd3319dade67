// Chance for the fuzz run that can be repeated: the same seed makes the same messages.

/** Numbers, choices and pieces drawn from a seed and the names of what it is for. */
export function createChance(seed, ...names) {
  let state = [seed, ...names].join(':').split('').reduce(spread, 0x9e3779b9);
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
  /** From 0, `end` excluded. */
  const below = (end) => Math.floor(next() * end);
  return {
    below,
    is: (probability) => next() < probability,
    pick: (choices) => choices[below(choices.length)],
    bytes: (length) => Buffer.alloc(length).map(() => below(256)),
  };
}

function spread(hash, character) {
  return Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
}
