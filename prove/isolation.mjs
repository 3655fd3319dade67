// `npm run isolation`: a hundred calls on sockets, one of them poisoned in every hook it has; the others must not notice.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { account, runCalls } from '../bench/carriers.mjs';
import { createMarks } from '../bench/marks.mjs';
import { startProviders } from '../bench/providers.mjs';
import { percentile } from './lib/figures.mjs';

const { values: options } = parseArgs({
  options: {
    calls: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
const [calls, seconds, rounds] = [options.calls, options.seconds, options.rounds].map(Number);
const bars = { grownMs: 10 };

let measured = 0;

/** How late what the application sends is, over all turns of the calls that are not poisoned. */
async function measure(poison) {
  const late = [];
  const marks = createMarks();
  const providers = await startProviders(marks);
  const child = fork(new URL('./lib/poison-arm.mjs', import.meta.url), {
    env: {
      ...process.env,
      POISON: poison,
      // The carrier numbers its calls from one run to the next.
      POISONED_CALL: `CA${(measured * calls + 1).toString(16).padStart(32, '0')}`,
      PROVIDERS_PORT: String(providers.port),
      TWILIO_ACCOUNT_SID: account.sid,
      TWILIO_AUTH_TOKEN: account.token,
    },
  });
  const [{ port }] = await once(child, 'message');
  const target = { webhookUrl: `http://127.0.0.1:${port}/voicewire/twilio/voice` };
  await runCalls({
    count: calls,
    seconds,
    warmSeconds: 6,
    target,
    marks,
    onSteady: async (moment) => {
      if (moment === 'end') late.push(...marks.delays(({ call }) => call !== 0));
    },
  });
  measured += 1;
  child.send('figures');
  const [figures] = await once(child, 'message');
  child.kill();
  await once(child, 'exit');
  providers.server.closeAllConnections();
  providers.close();
  return { late, ...figures };
}

const clean = [];
const poisoned = [];
for (let round = 0; round < rounds; round += 1) {
  if (!options.json) process.stderr.write(`round ${round + 1} of ${rounds} …\n`);
  clean.push(await measure(''));
  poisoned.push(await measure('all'));
}
const held = await measure('hold');
const p99 = (results) =>
  percentile(
    results.flatMap(({ late }) => late),
    0.99,
  );
const grownMs = p99(poisoned) - p99(clean);
const [last] = poisoned.slice(-1);
const checks = [
  [
    'others answered',
    poisoned.every(({ late }) => late.length > calls),
    poisoned.map(({ late }) => late.length),
  ],
  [
    'no crash, nothing unhandled, no warning',
    poisoned.every(({ strays }) => strays.length === 0),
    [...new Set(poisoned.flatMap(({ strays }) => strays))].join(', ') || 'none',
  ],
  ['lateness of the others', grownMs <= bars.grownMs, `p99 ${grownMs.toFixed(1)} ms more`, 'time'],
  ['who holds the loop is named', held.named.length > 0, held.named.join(', ') || 'nobody'],
];
const result = {
  calls,
  p99Ms: { clean: round(p99(clean)), poisoned: round(p99(poisoned)) },
  turns: last.late.length,
  checks: checks.map(([name, isMet, found, kind = 'hard']) => ({ name, isMet, found: String(found), kind })),
};
if (options.json) console.log(JSON.stringify(result));
else console.log(JSON.stringify(result, undefined, 2));
process.exitCode = result.checks.every(({ isMet, kind }) => isMet || kind === 'time') ? 0 : 1;

function round(ms) {
  return Math.round(ms * 10) / 10;
}
