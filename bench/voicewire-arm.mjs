// The application of the benchmark: one provider a stage, and what it took when that is asked for.
import { serve } from './serve.mjs';

const { MAX_LAG_MS: lag } = process.env;
const { voicewire, tellPort } = await serve(
  lag === undefined ? {} : { maxLagMs: Number(lag) || undefined, maxLoopUtilization: undefined },
);
voicewire.on('warning', (warning) => process.stderr.write(`${warning.code}: ${warning.message}\n`));
process.on('message', () => {
  const cpu = process.cpuUsage();
  // What is live, not what waits to be collected.
  globalThis.gc?.();
  process.send({ cpu, memory: process.memoryUsage() });
});
tellPort();
