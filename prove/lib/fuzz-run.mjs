// The engine of a surface: sessions by seed, some at once, until enough odd messages were delivered; whatever breaks is kept.
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { createChance } from './fuzz-chance.mjs';
import { describe, watchProcess } from './process-watch.mjs';

const sessionsAtOnce = 6;
const sessionsPerBatch = 60;
/** No session may take longer, whatever happens in it. */
const sessionLimitMs = 15_000;

/**
 * Runs a surface: `{ name, open() }`, where `open` gives `{ session(chance, notes, index), close(), sessions? }`, made anew for
 * every batch, so that what a batch leaves open shows; `sessions` is how many there are, where chance does not make them. A session resolves with the number of odd messages it delivered.
 */
export async function runSurface(surface, { seed, cases, only, onProgress = () => {} }) {
  const report = { surface: surface.name, seed, cases: 0, sessions: 0, outcomes: {}, problems: [] };
  const stray = watchProcess((what) => report.problems.push({ sessions: [...live], what }));
  const live = new Set();
  try {
    let end = Infinity;
    for (let first = only ?? 0; report.cases < cases && first < end; first += sessionsPerBatch) {
      end = await runBatch(surface, {
        seed,
        first,
        count: only === undefined ? sessionsPerBatch : 1,
        cases,
        live,
        report,
      });
      onProgress(report);
      if (only !== undefined || report.problems.length > 20) break;
    }
    // Rejections are reported after the microtasks of the turn they happened in.
    await pause(20);
  } finally {
    stray.stop();
  }
  return report;
}

async function runBatch(surface, { seed, first, count, cases, live, report }) {
  const stage = await surface.open();
  let next = first;
  const work = async () => {
    while (next < first + count && report.cases < cases) {
      const index = next++;
      live.add(index);
      // Whoever shares the loop has a turn first: a flood of ours would be our stall, not what is attacked.
      await nextTurn();
      await runSession(surface, stage, { seed, index, report });
      live.delete(index);
    }
  };
  await Promise.all(Array.from({ length: sessionsAtOnce }, work));
  const left = (await stage.close()) ?? [];
  for (const what of left) report.problems.push({ sessions: [`${first} to ${next - 1}`], what });
  return stage.sessions ?? Infinity;
}

async function runSession(surface, stage, { seed, index, report }) {
  const notes = {
    outcome: (name) => (report.outcomes[name] = (report.outcomes[name] ?? 0) + 1),
    problem: (what) => report.problems.push({ sessions: [index], what }),
  };
  report.sessions += 1;
  const limit = new AbortController();
  const tooLong = pause(sessionLimitMs, undefined, { signal: limit.signal, ref: false }).then(
    () => notes.problem(`did not end within ${sessionLimitMs} ms`),
    () => undefined,
  );
  const session = stage
    .session(createChance(seed, surface.name, index), notes, index)
    .then((delivered) => (report.cases += delivered))
    .catch((error) => notes.problem(`threw ${describe(error)}`));
  await Promise.race([session, tooLong]);
  limit.abort();
}
