// One call of eight hours in virtual time: what it holds must not grow with it. Run with --expose-gc.
import { getHeapSpaceStatistics } from 'node:v8';
import { slopeOf } from './lib/figures.mjs';
import { playLongCall } from './lib/long-call-run.mjs';

const hours = Number(process.argv[2] ?? 8);
/** What the program holds: compiled code is the engine's, and goes on growing for hours. */
const heap = () => {
  globalThis.gc();
  globalThis.gc();
  const code = getHeapSpaceStatistics().filter(({ space_name: name }) => name.startsWith('code'));
  const codeBytes = code.reduce((sum, { space_used_size: used }) => sum + used, 0);
  return (process.memoryUsage().heapUsed - codeBytes) / 1024;
};

const samples = [];
const call = await playLongCall({
  hours,
  onHour: (hour) => samples.push({ hour, heapKb: Math.round(heap()) }),
});
const later = samples.slice(2);
const slopeKbPerHour = slopeOf(later.map(({ hour, heapKb }) => [hour, heapKb]));
const result = {
  ...call,
  heapKb: samples.map(({ heapKb }) => heapKb),
  slopeKbPerHour: Math.round(slopeKbPerHour * 10) / 10,
};
console.log(JSON.stringify(result));
