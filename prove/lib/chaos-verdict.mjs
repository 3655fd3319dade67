// What a case must keep: words and ends are hard, times are bars that may be reported as missed.
import { isExact } from '@voicewire/testing';
import { percentile } from './figures.mjs';

/** Milliseconds, of the 95th percentile. Detection counts from the strike, a recogniser's silence in speech; the rest from detection. */
const bars = {
  detection: { close: 50, silence: 1_600 },
  next: { stt: 300, llm: 50 },
  gap: { tts: 700, llm: 2_500 },
};

/** A case's runs as figures: one row of the table. `lateMs`: of the process, which is no provider's. */
export function summarise(kase, runs, lateMs = 0) {
  const count = (kind) =>
    runs.reduce(
      (sum, { counts }) => sum + Object.values(counts).reduce((all, one) => all + one[kind].length, 0),
      0,
    );
  const figures = {
    id: kase.id,
    calls: runs.length,
    lost: count('lost'),
    repeated: count('repeated'),
    disordered: count('disordered'),
    foreign: count('foreign'),
    splitTurns: runs.filter(({ splits }) => splits > 0).length,
    detectionMs: spread(runs.map(({ detectionMs }) => detectionMs)),
    nextMs: spread(runs.map(({ nextMs }) => nextMs)),
    gapMs: spread(runs.map(({ gapMs }) => gapMs)),
    deadAirMs: spread(runs.map(({ deadAirMs }) => deadAirMs).filter(Number.isFinite)),
  };
  return {
    ...figures,
    broken: runs.flatMap((run) => broken(kase, run)),
    missed: missed(kase, figures, lateMs),
  };
}

/** Middle, nearly all, worst; undefined where there is nothing to tell. */
function spread(values) {
  const told = values.filter((value) => value !== undefined);
  if (told.length === 0) return undefined;
  const at = (share) => Math.round(percentile(told, share));
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}

const sides = {
  caller: 'of the caller’s words',
  asked: 'of the words the model was told',
  agent: 'of the agent’s words',
};

/** What is wrong with one call, in words; the hard bars. */
function broken(kase, run) {
  const { mayRepeat = 0 } = kase;
  const isRight = (count) => isExact(count.repeated.length > mayRepeat ? count : { ...count, repeated: [] });
  const problems = Object.entries(run.counts)
    .filter(([, count]) => !isRight(count))
    .map(([side, count]) => `${sides[side]}: ${describe(count)}`);
  if (run.problem !== undefined || run.reason !== 'caller-hung-up')
    problems.push(`stuck: ${run.problem ?? run.reason}`);
  const unhandled = run.log.filter(({ type }) => type === 'error' || type === 'degraded');
  if (unhandled.length > 0) problems.push(`noticed by the caller: ${unhandled.map(nameOf).join(', ')}`);
  if (run.hasStruck === false) problems.push('the fault never struck');
  if (run.leaks > 0) problems.push(`${run.leaks} sessions left open`);
  if (kase.attempts !== undefined && run.attempts !== kase.attempts)
    problems.push(`${run.attempts} attempts instead of ${kase.attempts}`);
  return problems.map((problem) => ({ word: run.word, problem }));
}

function nameOf({ type, stage, step, code }) {
  return `${type} ${stage} ${step ?? code}`;
}

function describe(count) {
  return Object.entries(count)
    .filter(([, words]) => words.length > 0)
    .map(([kind, words]) => `${kind} ${words.join(' ')}`)
    .join('; ');
}

function missed({ stage, noticed }, { detectionMs, nextMs, gapMs, deadAirMs }, lateMs) {
  const silenceBar = stage === 'stt' ? bars.detection.silence : undefined;
  const checks = [
    [
      'detection',
      detectionMs,
      noticed === 'close' ? bars.detection.close : noticed === 'silence' ? silenceBar : undefined,
    ],
    ['next provider asked', nextMs, bars.next[stage]],
    ['gap', gapMs, bars.gap[stage]],
    ['dead air', deadAirMs, stage === 'llm' ? bars.gap.llm : undefined],
  ];
  return checks
    .filter(([, spreadOf, bar]) => spreadOf !== undefined && bar !== undefined && spreadOf.p95 > bar + lateMs)
    .map(([what, spreadOf, bar]) => `${what} ${spreadOf.p95} ms, bar ${bar}`);
}

/** All rows as the promises they are about, for the report. */
export function checksOf(rows, uncaught) {
  const stages = [...new Set(rows.map(stageOf))];
  const times = ['detection', 'next provider asked', 'gap', 'dead air'];
  return [
    ...stages.map((stage) =>
      wordCheck(
        stage,
        rows.filter((row) => stageOf(row) === stage),
      ),
    ),
    {
      name: 'nothing thrown that nobody caught',
      isMet: uncaught.length === 0,
      found: `${uncaught.length}`,
      kind: 'hard',
    },
    ...times.map((what) => timeCheck(what, rows)),
  ];
}

function stageOf({ id }) {
  return id.split('/')[0];
}

function wordCheck(stage, rows) {
  const sum = (name) => rows.reduce((total, row) => total + row[name], 0);
  const failed = rows.filter(({ broken }) => broken.length > 0).length;
  const words = `${sum('lost')} words lost, ${sum('repeated')} repeated, ${sum('disordered')} out of order`;
  return {
    name: `${stage}: every word once and in its place, every call to its end (${rows.length} cases, ${sum('calls')} calls)`,
    isMet: failed === 0,
    found: `${words}; ${failed} cases broken`,
    kind: 'hard',
  };
}

function timeCheck(what, rows) {
  const late = rows.filter(({ missed }) => missed.some((miss) => miss.startsWith(what)));
  const worst = late.flatMap(({ id, missed }) =>
    missed.filter((miss) => miss.startsWith(what)).map((miss) => `${id}: ${miss}`),
  );
  return {
    name: `${what} in time`,
    isMet: late.length === 0,
    found: late.length === 0 ? 'in all cases' : `late in ${late.length} cases, as ${worst[0]}`,
    kind: 'time',
  };
}
