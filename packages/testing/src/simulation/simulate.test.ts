// The seeded part of the simulation that every test run takes; the whole is `npm run simulate`.
import { expect, it } from 'vitest';
import { simulate } from './simulate.js';

const calls = Number(process.env['VOICEWIRE_SIMULATED_CALLS'] ?? 400);
const seed = Number(process.env['VOICEWIRE_SEED'] ?? 1);

it(`${calls} calls by chance from seed ${seed}: every one ends, and all that must hold does`, async () => {
  const warnings: string[] = [];
  const onWarning = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', onWarning);
  const report = await simulate({ calls, seed });
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
  expect(report.failures).toEqual([]);
  expect(report.calls).toBe(calls);
  // Chance that fails nobody would prove nothing.
  expect(report.faulty).toBeGreaterThan(calls / 3);
  expect(report.degraded).toBeGreaterThan(0);
}, 600_000);
