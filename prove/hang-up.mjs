// `npm run hang-up`: the caller leaves at every 10 ms of the first five seconds; nothing of the call may go on at any provider.
import { parseArgs } from 'node:util';
import { percentile } from './lib/figures.mjs';
import { openSweep } from './lib/hang-up-sweep.mjs';

const { values: options } = parseArgs({
  options: {
    stepMs: { type: 'string', default: '10' },
    untilMs: { type: 'string', default: '5000' },
    concurrency: { type: 'string', default: '40' },
    json: { type: 'boolean', default: false },
  },
});
const [stepMs, untilMs, concurrency] = [options.stepMs, options.untilMs, options.concurrency].map(Number);
const bars = { closedMs: 500, quietAfterMs: 1_000 };
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

const sweep = await openSweep();

async function sweepOne(atMs) {
  const { connections, leave, done } = await sweep.startCall(`c${atMs}`);
  await wait(atMs);
  leave();
  const leftMs = performance.now();
  await wait(bars.quietAfterMs);
  const bytesRead = () => sum(connections.map((connection) => connection.bytesRead()));
  const before = bytesRead();
  await wait(600);
  const reason = await done;
  const ends = connections.map(({ isOpen, closed }) => (isOpen ? Infinity : closed));
  const closedMs = Math.max(0, ...(await Promise.all(ends)).map((overMs) => overMs - leftMs));
  return {
    atMs,
    closedMs,
    lateBytes: bytesRead() - before,
    late: sum(connections.map(({ late }) => late)),
    connections: connections.length,
    reason,
  };
}

const moments = Array.from({ length: untilMs / stepMs + 1 }, (_, index) => index * stepMs);
const results = [];
await Promise.all(
  Array.from({ length: concurrency }, async () => {
    for (let atMs = moments.shift(); atMs !== undefined; atMs = moments.shift())
      results.push(await sweepOne(atMs));
  }),
);
sweep.close();

const closed = results.map(({ closedMs }) => closedMs);
const open = results.filter(({ closedMs }) => closedMs === Infinity);
const tardy = results.filter(({ closedMs }) => closedMs > bars.closedMs && closedMs !== Infinity);
const talking = results.filter(({ lateBytes }) => lateBytes > 0);
const afterEnd = results.filter(({ late }) => late > 0);
const result = {
  calls: results.length,
  connections: sum(results.map(({ connections }) => connections)),
  closedMs: { p50: Math.round(percentile(closed, 0.5)), max: Math.round(percentile(closed, 1)) },
  stillOpen: open.map(({ atMs }) => atMs),
  late: tardy.map(({ atMs, closedMs }) => [atMs, Math.round(closedMs)]),
  bytesAfterASecond: talking.map(({ atMs, lateBytes }) => [atMs, lateBytes]),
  afterTheEnd: afterEnd.map(({ atMs, late }) => [atMs, late]),
  reasons: [...new Set(results.map(({ reason }) => reason))],
};
if (options.json) console.log(JSON.stringify(result));
else console.log(result);
// What is late is late; what is open, or talks on, is a leak.
process.exitCode = open.length + talking.length + afterEnd.length > 0 ? 1 : 0;
