// One measurement in a process of its own: starts the application under test, loads it with calls, prints what it took as JSON.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { account, runCalls } from './carriers.mjs';
import { createMarks } from './marks.mjs';
import { startProviders } from './providers.mjs';

const { values } = parseArgs({
  options: { arm: { type: 'string' }, calls: { type: 'string' }, seconds: { type: 'string' } },
});
const count = Number(values.calls);
const seconds = Number(values.seconds);

const marks = createMarks();
const providers = await startProviders(marks);
const script = values.arm === 'bare' ? './bare-loop.mjs' : './voicewire-arm.mjs';
const child = fork(new URL(script, import.meta.url), {
  execArgv: ['--expose-gc', ...(process.env.BENCH_EXEC_ARGV?.split(' ') ?? [])],
  env: {
    ...process.env,
    PROVIDERS_PORT: String(providers.port),
    TWILIO_ACCOUNT_SID: account.sid,
    TWILIO_AUTH_TOKEN: account.token,
  },
});
const [{ port }] = await once(child, 'message');
const ask = async () => {
  child.send('usage');
  const [usage] = await once(child, 'message');
  return { cpuMs: (usage.cpu.user + usage.cpu.system) / 1000, memory: usage.memory };
};
const live = ({ heapUsed, external }) => heapUsed + external;
const target =
  values.arm === 'bare'
    ? { mediaUrl: `ws://127.0.0.1:${port}/media` }
    : { webhookUrl: `http://127.0.0.1:${port}/voicewire/twilio/voice` };

// A first call loads the code and gives the memory to start from; then all calls warm it up, and what follows is measured.
await runCalls({ count: 1, seconds: 8, target, marks: createMarks(), onSteady: async () => undefined });
const idle = await ask();
const usage = {};
const { lateMs } = await runCalls({
  count,
  seconds,
  warmSeconds: 10,
  target,
  marks,
  onSteady: async (moment) => {
    usage[moment] = await ask();
  },
});
child.kill();
await once(child, 'exit');
providers.close();
const cpuMs = usage.end.cpuMs - usage.begin.cpuMs;
process.stdout.write(
  `${JSON.stringify({
    arm: values.arm,
    calls: count,
    cpuMsPerCallMinute: cpuMs / ((count * seconds) / 60),
    bytesPerCall: (live(usage.end.memory) - live(idle.memory)) / count,
    rssPerCall: (usage.end.memory.rss - idle.memory.rss) / count,
    loadLateMs: lateMs,
    ...marks.summary(),
  })}\n`,
);
process.exit(0);
