// `npm run simulate`: calls by chance in virtual time, on every core, until one breaks what must hold for all; `--seed` replays.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { simulate } from '@voicewire/testing';

const batchSize = 20;
const { values: options } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'boolean', default: false },
  },
});
const calls = Number(options.calls);
const seed = Number(options.seed);

/** One process's share, told to the one that asked for it. */
async function work() {
  const cpu = process.cpuUsage();
  const report = await simulate({
    calls,
    seed,
    batchSize,
    onBatch: ({ calls: done, failures }) => process.send({ type: 'progress', done, failed: failures.length }),
  });
  const { user, system } = process.cpuUsage(cpu);
  process.send({ type: 'report', report, cpuSeconds: (user + system) / 1e6 });
  process.disconnect();
}

/** Every batch has its own seed, so that workers share the work without knowing of one another. */
async function share() {
  const workers = Math.max(1, Math.min(Number(options.workers), Math.ceil(calls / batchSize)));
  const batches = Math.ceil(calls / batchSize);
  const progress = Array.from({ length: workers }, () => 0);
  const parts = Array.from({ length: workers }, (_, index) => {
    const first = Math.floor((batches * index) / workers);
    const last = Math.floor((batches * (index + 1)) / workers);
    const share = Math.min(calls, last * batchSize) - first * batchSize;
    return part(share, seed + first, (done) => {
      progress[index] = done;
      if (!options.json)
        process.stderr.write(`\r${progress.reduce((sum, one) => sum + one, 0)} of ${calls} calls`);
    });
  });
  const results = await Promise.all(parts);
  if (!options.json) process.stderr.write('\n');
  return results;
}

function part(share, firstSeed, onProgress) {
  return new Promise((resolve, reject) => {
    const args = ['--calls', String(share), '--seed', String(firstSeed)];
    const child = fork(fileURLToPath(import.meta.url), args, {
      env: { ...process.env, VOICEWIRE_WORKER: '1' },
    });
    child.on('message', (message) =>
      message.type === 'progress' ? onProgress(message.done) : resolve(message),
    );
    child.on('exit', (code) => reject(new Error(`a worker ended with ${code}`)));
  });
}

function sum(results, read) {
  return results.reduce((total, result) => total + read(result), 0);
}

function summary(results) {
  const reasons = {};
  for (const { report } of results)
    for (const [reason, count] of Object.entries(report.reasons))
      reasons[reason] = (reasons[reason] ?? 0) + count;
  const callSeconds = sum(results, ({ report }) => report.callSeconds);
  const cpuSeconds = sum(results, (result) => result.cpuSeconds);
  return {
    calls: sum(results, ({ report }) => report.calls),
    callSeconds: Math.round(callSeconds),
    events: sum(results, ({ report }) => report.events),
    faulty: sum(results, ({ report }) => report.faulty),
    degraded: sum(results, ({ report }) => report.degraded),
    reasons,
    cpuSeconds: Math.round(cpuSeconds * 10) / 10,
    callSecondsPerCpuSecond: Math.round(callSeconds / cpuSeconds),
    failures: results.flatMap(({ report }) => report.failures),
  };
}

function tell(result) {
  const { failures, reasons, ...figures } = result;
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(26)}${value}`);
  console.log(
    `${'ended'.padEnd(26)}${Object.entries(reasons)
      .map(([reason, count]) => `${reason} ${count}`)
      .join(', ')}`,
  );
  for (const { seed: failed, problems } of failures) {
    console.error(
      `\nSeed ${failed} breaks what must hold; npm run simulate -- --calls ${batchSize} --seed ${failed}`,
    );
    for (const problem of problems.slice(0, 10)) console.error(`  ${problem}`);
  }
  console.log(failures.length === 0 ? 'All that must hold did.' : `${failures.length} batches failed.`);
}

if (process.env.VOICEWIRE_WORKER === '1') await work();
else {
  const result = summary(await share());
  if (options.json) console.log(JSON.stringify(result));
  else tell(result);
  process.exitCode = result.failures.length === 0 ? 0 : 1;
}
