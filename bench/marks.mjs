// What the benchmark remembers: when each turn passed which point, all by one clock, and what that comes to.

/** The three ways through the application under test: final to request, text to voice, audio to carrier. */
const hops = [
  ['final', 'request'],
  ['text', 'voice'],
  ['audio', 'media'],
];

export function createMarks() {
  const turns = new Map();
  const latest = new Map();
  const answers = [];
  const clears = [];
  return {
    clears,
    /** What was so far does not count; a turn in progress is not timed. */
    reset() {
      for (const each of [turns, latest]) each.clear();
      for (const each of [answers, clears]) each.length = 0;
    },
    at(call, turn, name) {
      const key = `${call}/${turn}`;
      const times = turns.get(key) ?? {};
      turns.set(key, times);
      times[name] ??= performance.now();
      if (name === 'audio') latest.set(call, times);
    },
    /** Audio reached the carrier: the first after the voice began is the turn's. */
    media(call, now) {
      const times = latest.get(call);
      if (times !== undefined) times.media ??= now;
    },
    /** What the application added to each turn of the calls that are asked for, in ms. */
    delays(isWanted) {
      return [...turns].flatMap(([key, times]) => {
        const [call, turn] = key.split('/').map(Number);
        return isWanted({ call, turn }) ? addedTo(times) : [];
      });
    },
    answered: (delayMs) => void answers.push(delayMs),
    summary() {
      const added = [...turns.values()].flatMap(addedTo);
      const hop = ([from, to]) =>
        spread([...turns.values()].map((times) => times[to] - times[from]).filter((delay) => delay >= 0));
      return {
        turns: added.length,
        added: spread(added),
        hops: hops.map(hop),
        answer: spread(answers),
        clear: spread(clears),
      };
    },
  };
}

/** The sum of the three ways; nothing where the turn did not go all of them. */
function addedTo(times) {
  const parts = hops.map(([from, to]) => (times[to] ?? NaN) - (times[from] ?? NaN));
  return parts.every((part) => Number.isFinite(part) && part >= 0)
    ? [parts.reduce((sum, part) => sum + part)]
    : [];
}

export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), max: sorted.at(-1) };
}

export function median(values) {
  return spread(values).p50;
}
