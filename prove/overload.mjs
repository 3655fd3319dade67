// `npm run overload`: calls are offered until twice as many came as are taken; who is refused hears so in words, who talks keeps their delay.
// Callers and providers cost more than the application, and would be overloaded first: they have a core, and the application shares
// another with processes that do nothing but compute.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { account, Call } from '../bench/carriers.mjs';
import { createMarks } from '../bench/marks.mjs';
import { startProviders } from '../bench/providers.mjs';
import { percentile } from './lib/figures.mjs';

const { values: options } = parseArgs({
  options: {
    step: { type: 'string', default: '20' },
    stepSeconds: { type: 'string', default: '3' },
    most: { type: 'string', default: '400' },
    maxLagMs: { type: 'string', default: '' },
    /** How many processes compute on the application's core. */
    beside: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
const [step, stepSeconds, most, beside] = [
  options.step,
  options.stepSeconds,
  options.most,
  options.beside,
].map(Number);
const cycleMs = 6_000;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const marks = createMarks();
const providers = await startProviders(marks);
/** The application's core, and everybody else's. Linux's own command; without it the runs would say nothing. */
const cores = { application: '0', others: '1' };
const onCore = (core, args, more) =>
  spawn('taskset', ['--cpu-list', core, process.execPath, ...args], { stdio: 'inherit', ...more });
const pinned = spawnSync('taskset', [
  '--all-tasks',
  '--pid',
  '--cpu-list',
  cores.others,
  String(process.pid),
]);
if (pinned.status !== 0)
  throw new Error('overload needs the command taskset (util-linux) and two cores to choose from');
const child = onCore(
  cores.application,
  ['--expose-gc', fileURLToPath(new URL('../bench/voicewire-arm.mjs', import.meta.url))],
  {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      PROVIDERS_PORT: String(providers.port),
      TWILIO_ACCOUNT_SID: account.sid,
      TWILIO_AUTH_TOKEN: account.token,
      MAX_LAG_MS: options.maxLagMs,
    },
  },
);
const [{ port }] = await once(child, 'message');
const busy = Array.from({ length: beside }, () => onCore(cores.application, ['--eval', 'for (;;);']));
const target = { webhookUrl: `http://127.0.0.1:${port}/voicewire/twilio/voice` };

const live = [];
const refusals = [];
const timer = setInterval(() => {
  const now = performance.now();
  for (const one of live) {
    for (; one.frames * 20 <= now - one.beganMs; one.frames += 1) one.call.frame(one.frames * 20);
  }
}, 5);

const steps = [];
let offered = 0;
while (offered < most && refusals.length < Math.max(step, live.length)) {
  for (let index = 0; index < step; index += 1) await offer();
  marks.reset();
  await wait(stepSeconds * 1_000);
  const delays = marks.delays(() => true);
  const figures = {
    offered,
    live: live.length,
    refused: refusals.length,
    p95Ms: round(percentile(delays, 0.95)),
  };
  steps.push(figures);
  if (!options.json) process.stderr.write(`${JSON.stringify(figures)}\n`);
}
// What the calls that were taken have now: nobody new came for a while.
marks.reset();
await wait(cycleMs);
const afterMs = round(
  percentile(
    marks.delays(() => true),
    0.95,
  ),
);
const open = live.filter(({ call }) => call.socket.readyState === call.socket.OPEN).length;
clearInterval(timer);
for (const one of busy) one.kill();
child.kill();
await once(child, 'exit');
providers.server.closeAllConnections();
providers.close();

async function offer() {
  const call = new Call((offered += 1), target, marks);
  try {
    await call.open();
    live.push({ call, beganMs: performance.now(), frames: 0 });
  } catch (error) {
    refusals.push(String(error.message));
  }
}

function round(ms) {
  return Math.round(ms * 10) / 10;
}

/** Where what the application adds to a turn is first heard. */
const lost = steps.find(({ p95Ms }) => p95Ms > 200);
const inWords = refusals.filter((message) => /<Say[^>]*>[^<]*busy/.test(message)).length;
const result = {
  taken: live.length,
  offered,
  refused: refusals.length,
  realTimeLostAt: lost?.live ?? `not up to ${live.length}`,
  p95AfterMs: afterMs,
  steps,
  checks: [
    {
      name: 'who is refused hears so in words',
      isMet: inWords === refusals.length,
      found: `${inWords} of ${refusals.length}`,
      kind: 'hard',
    },
    {
      name: 'live calls stay',
      isMet: open === live.length,
      found: `${open} of ${live.length}`,
      kind: 'hard',
    },
    { name: 'live calls keep their delay', isMet: afterMs <= 300, found: `p95 ${afterMs} ms`, kind: 'time' },
  ],
};
if (options.json) console.log(JSON.stringify(result));
else console.log(JSON.stringify({ ...result, steps: undefined }, undefined, 2));
process.exitCode = result.checks.every(({ isMet, kind }) => isMet || kind === 'time') ? 0 : 1;
