// `npm run soak`: one call of eight hours in virtual time, then thousands of short calls on sockets with faults on a fifth of
// the connections: nothing may be left of a call.
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { slopeOf } from './lib/figures.mjs';
import { checkLeftovers } from './lib/soak-verdict.mjs';
import { openSoakWorld } from './lib/soak-world.mjs';

const { values: options } = parseArgs({
  options: {
    calls: { type: 'string', default: '10000' },
    minutes: { type: 'string', default: '20' },
    concurrency: { type: 'string', default: '50' },
    hours: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const [calls, minutes, concurrency, seed] = [
  options.calls,
  options.minutes,
  options.concurrency,
  options.seed,
].map(Number);
const bars = { kbPerCall: 1, kbPerHour: 50 };
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const say = (text) => options.json || process.stderr.write(text);

async function longCall() {
  say(`One call of ${options.hours} hours in virtual time …\n`);
  const script = fileURLToPath(new URL('./long-call.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, options.hours]);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

/** Calls of two to four seconds that begin one after the other, in rounds with a quiet moment after each. */
async function shortCalls() {
  const world = await openSoakWorld({ seed });
  const [faultyPort, providersPort] = world.ports;
  const child = fork(new URL('./lib/soak-arm.mjs', import.meta.url), {
    execArgv: ['--expose-gc'],
    env: {
      ...process.env,
      PROVIDERS_PORT: String(providersPort),
      FAULTY_PORT: String(faultyPort),
      TWILIO_ACCOUNT_SID: world.carrier.sid,
      TWILIO_AUTH_TOKEN: world.carrier.token,
    },
  });
  const [{ port }] = await once(child, 'message');
  const play = (count) => world.play({ count, concurrency, lastsMs: [2_000, 4_000], port });
  const ask = async () => {
    world.sessions();
    await wait(1_500);
    child.send('figures');
    const [figures] = await once(child, 'message');
    return { ...figures, sessions: world.sessions() };
  };
  const samples = [];
  const perRound = Math.max(concurrency, Math.ceil(calls / 10));
  const beganMs = performance.now();
  let done = 0;
  await play(Math.min(200, perRound));
  const baseline = await ask();
  while (done < calls || performance.now() - beganMs < minutes * 60_000) {
    await play(perRound);
    done += perRound;
    const figures = await ask();
    samples.push({ calls: done, ...figures });
    say(`${done} calls: heap ${Math.round(figures.heapKb)} KB, ${JSON.stringify(figures.resources)}\n`);
  }
  child.kill();
  await once(child, 'exit');
  world.close();
  return { baseline, samples, done, counts: world.counts, minutes: (performance.now() - beganMs) / 60_000 };
}

function judge(long, { baseline, samples }) {
  const last = samples.at(-1);
  const kbPerCall = slopeOf(samples.slice(1).map((sample) => [sample.calls, sample.heapKb]));
  const checks = [
    ['heap of a long call', long.slopeKbPerHour <= bars.kbPerHour, `${long.slopeKbPerHour} KB an hour`],
    ['timers of a long call', long.pendingTimers === 0, `${long.pendingTimers}`],
    ['heap of short calls', !(kbPerCall > bars.kbPerCall), `${kbPerCall.toFixed(2)} KB a call`],
  ].map(([name, isMet, found]) => ({ name, isMet, found }));
  return { checks: [...checks, ...checkLeftovers(baseline, last, last.sessions)], kbPerCall };
}

const long = await longCall();
const short = await shortCalls();
const { checks, kbPerCall } = judge(long, short);
const result = {
  long,
  calls: short.done,
  minutes: Math.round(short.minutes * 10) / 10,
  connections: short.counts,
  reasons: short.samples.at(-1).reasons,
  heapKb: short.samples.map(({ heapKb }) => Math.round(heapKb)),
  kbPerCall: Math.round(kbPerCall * 100) / 100,
  resources: { baseline: short.baseline.resources, end: short.samples.at(-1).resources },
  checks,
};
if (options.json) console.log(JSON.stringify(result));
else {
  console.log(
    `${result.calls} short calls in ${result.minutes} minutes; ended: ${JSON.stringify(result.reasons)}`,
  );
  console.log(`connections of the failing port: ${JSON.stringify(result.connections)}`);
  for (const { name, isMet, found } of checks)
    console.log(`${isMet ? 'met   ' : 'MISSED'} ${name}: ${found}`);
}
process.exitCode = checks.every(({ isMet }) => isMet) ? 0 : 1;
