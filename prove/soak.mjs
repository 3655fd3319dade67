// `npm run soak`: one call of eight hours in virtual time, then thousands of short calls on sockets with faults on a fifth of
// the connections: nothing may be left of a call.
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { account, Call } from '../bench/carriers.mjs';
import { createMarks } from '../bench/marks.mjs';
import { startProviders } from '../bench/providers.mjs';
import { createRandom, startFaultyPort } from './lib/faulty-port.mjs';
import { slopeOf } from './lib/figures.mjs';

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

/** Keeps `concurrency` calls alive until there were enough, in rounds with a quiet moment after each. */
async function shortCalls() {
  const providers = await startProviders(createMarks());
  const faulty = await startFaultyPort(providers.port, { share: 0.2, seed });
  const child = fork(new URL('./lib/soak-arm.mjs', import.meta.url), {
    execArgv: ['--expose-gc'],
    env: {
      ...process.env,
      PROVIDERS_PORT: String(providers.port),
      FAULTY_PORT: String(faulty.port),
      TWILIO_ACCOUNT_SID: account.sid,
      TWILIO_AUTH_TOKEN: account.token,
    },
  });
  const [{ port }] = await once(child, 'message');
  const target = { webhookUrl: `http://127.0.0.1:${port}/voicewire/twilio/voice` };
  const ask = async () => {
    // Connections that are kept for the next request are nobody's call.
    providers.server.closeIdleConnections();
    await wait(1_500);
    child.send('figures');
    return (await once(child, 'message'))[0];
  };
  const random = createRandom(seed + 1);
  const samples = [];
  const perRound = Math.max(concurrency, Math.ceil(calls / 10));
  const beganMs = performance.now();
  let done = 0;
  await playRound(Math.min(200, perRound), target, random);
  const baseline = await ask();
  while (done < calls || performance.now() - beganMs < minutes * 60_000) {
    await playRound(perRound, target, random);
    done += perRound;
    const figures = await ask();
    samples.push({ calls: done, ...figures });
    say(`${done} calls: heap ${Math.round(figures.heapKb)} KB, ${JSON.stringify(figures.resources)}\n`);
  }
  child.kill();
  await once(child, 'exit');
  faulty.close();
  providers.close();
  return { baseline, samples, done, counts: faulty.counts, minutes: (performance.now() - beganMs) / 60_000 };
}

/** Calls of two to four seconds that begin one after the other; half of them hang up in the middle of something. */
async function playRound(count, target, random) {
  const live = new Set();
  let opened = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    for (const one of live) {
      for (; one.frames * 20 <= now - one.beganMs; one.frames += 1)
        one.call.frame(one.offsetMs + one.frames * 20);
      if (now - one.beganMs < one.lastsMs) continue;
      live.delete(one);
      one.call.close();
    }
  }, 10);
  const marks = createMarks();
  while (opened < count || live.size > 0) {
    if (opened < count && live.size < concurrency) {
      const number = (opened += 1) % 16_000;
      const call = new Call(number, target, marks);
      await call.open();
      // Every caller speaks first.
      const offsetMs = 6_000 - call.phase;
      live.add({ call, offsetMs, frames: 0, beganMs: performance.now(), lastsMs: 2_000 + random() * 2_000 });
    } else await wait(20);
  }
  clearInterval(timer);
}

function judge(long, short) {
  const { baseline, samples } = short;
  const last = samples.at(-1);
  const kbPerCall = slopeOf(samples.slice(1).map((sample) => [sample.calls, sample.heapKb]));
  const grown = Object.entries(last.resources).filter(
    ([kind, count]) => count > (baseline.resources[kind] ?? 0),
  );
  const checks = [
    ['heap of a long call', long.slopeKbPerHour <= bars.kbPerHour, `${long.slopeKbPerHour} KB an hour`],
    ['timers of a long call', long.pendingTimers === 0, `${long.pendingTimers}`],
    ['heap of short calls', !(kbPerCall > bars.kbPerCall), `${kbPerCall.toFixed(2)} KB a call`],
    ['handles back at the baseline', grown.length === 0, JSON.stringify(last.resources)],
    ['calls left', last.live === 0, `${last.live}`],
    ['places not given back', last.inFlight === 0, `${last.inFlight}`],
    ['warnings of Node', last.warnings.length === 0, last.warnings.join(', ') || 'none'],
    ['unhandled rejections', last.rejections === 0, `${last.rejections}`],
  ];
  return { checks: checks.map(([name, isMet, found]) => ({ name, isMet, found })), kbPerCall };
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
