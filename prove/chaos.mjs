// `npm run chaos`: every adapter behind every fault, at every word, on sockets; counted by an oracle that knows nothing of core.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { allWords, listAll, runCase } from './lib/chaos-run.mjs';
import { checksOf } from './lib/chaos-verdict.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    word: { type: 'string' },
    out: { type: 'string' },
    'calls-at-once': { type: 'string', default: '24' },
    list: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const limit = Number(options['calls-at-once']);
const words = options.word === undefined ? allWords : options.word.split(',').map(Number);

/** What nobody caught: no call may cause one. */
const uncaught = [];
for (const type of ['unhandledRejection', 'uncaughtException'])
  process.on(type, (error) => uncaught.push(`${type}: ${error?.stack ?? error}`));

function weightOf({ at, calls }) {
  return calls > 1 ? Math.min(calls, limit) : at === 'word' ? words.length : 1;
}

/** Several cases at once, as long as no more than `limit` calls run. */
async function runAll(cases, onDone) {
  const waiting = [...cases];
  const running = new Set();
  let calls = 0;
  while (waiting.length > 0 || running.size > 0) {
    const next = waiting.findIndex((kase) => calls === 0 || calls + weightOf(kase) <= limit);
    if (next < 0) {
      await Promise.race(running);
      continue;
    }
    const [kase] = waiting.splice(next, 1);
    calls += weightOf(kase);
    const done = runCase(kase, words)
      .catch((error) => failedRow(kase, error))
      .then((row) => {
        calls -= weightOf(kase);
        running.delete(done);
        onDone(row);
      });
    running.add(done);
  }
}

function failedRow({ id }, error) {
  const broken = [{ word: 0, problem: `the case could not be run: ${error?.stack ?? error}` }];
  return { id, calls: 0, lost: 0, repeated: 0, disordered: 0, foreign: 0, splitTurns: 0, broken, missed: [] };
}

// ── Telling ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Of what is broken in one case. */
const shown = 4;
const widths = [38, 6, 5, 9, 11, 8, 6, 17, 8, 9];

function line(cells) {
  return cells
    .map((cell, index) => String(cell).padEnd(widths[index]))
    .join(' ')
    .trimEnd();
}

function tell(row) {
  const { detectionMs: detection, gapMs: gap, deadAirMs: air } = row;
  const spread = detection ? `${detection.p50} / ${detection.p95} / ${detection.max}` : '–';
  const { id, calls, lost, repeated, disordered, foreign, splitTurns } = row;
  console.log(
    line([
      id,
      calls,
      lost,
      repeated,
      disordered,
      foreign,
      splitTurns,
      spread,
      gap?.p95 ?? '–',
      air?.p95 ?? '–',
    ]),
  );
  for (const { word, problem } of row.broken.slice(0, shown)) {
    console.log(`    ✗ ${word > 0 ? `word ${word}, ` : ''}${problem}`);
    console.log(
      `      npm run chaos -- --only ${id}${word > 0 && !id.includes('@') ? ` --word ${word}` : ''}`,
    );
  }
  if (row.broken.length > shown) console.log(`    ✗ and ${row.broken.length - shown} more`);
  if (row.missed.length > 0)
    console.log(`    · missed: ${row.missed.join('; ')} (the process itself was ${row.lateMs} ms late)`);
}

/** A case by its name, or all that begin with these parts of one. */
function isWanted({ id }) {
  return options.only.split(',').some((part) => part === '' || id === part || id.startsWith(`${part}/`));
}

const cases = listAll().filter(isWanted);
if (options.list) {
  for (const { id } of cases) console.log(id);
  process.exit(0);
}

const rows =
  options.out !== undefined && existsSync(options.out)
    ? readFileSync(options.out, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((text) => JSON.parse(text))
    : [];
const done = new Set(rows.map(({ id }) => id));
if (!options.json)
  console.log(
    line([
      'case',
      'calls',
      'lost',
      'repeated',
      'disordered',
      'foreign',
      'split',
      'detection',
      'gap',
      'dead air',
    ]),
  );
await runAll(
  cases.filter(({ id }) => !done.has(id)),
  (row) => {
    rows.push(row);
    if (options.out !== undefined) appendFileSync(options.out, `${JSON.stringify(row)}\n`);
    if (!options.json) tell(row);
  },
);
const failed = rows.filter(({ broken }) => broken.length > 0);
if (options.json) console.log(JSON.stringify({ checks: checksOf(rows, uncaught), uncaught, rows }));
else {
  const sum = (name) => rows.reduce((total, row) => total + row[name], 0);
  console.log(
    `\n${rows.length} cases, ${sum('calls')} calls: ${sum('lost')} words lost, ${sum('repeated')} repeated, ${sum('disordered')} out of order.`,
  );
  console.log(failed.length === 0 ? 'All hard bars hold.' : `${failed.length} cases break a hard bar.`);
  for (const text of uncaught) console.error(text);
}
process.exitCode = failed.length === 0 && uncaught.length === 0 ? 0 : 1;
