// `npm run fuzz`: odd input at every edge of Voicewire, beside calls that must not notice; `--seed` and `--session` replay.
import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { apiSurfaces } from './lib/fuzz-api.mjs';
import { carrierSurfaces } from './lib/fuzz-carriers.mjs';
import { configSurface } from './lib/fuzz-config.mjs';
import { cutSurface } from './lib/fuzz-cuts.mjs';
import { openHouse, startWitnesses } from './lib/fuzz-house.mjs';
import { providerSurfaces } from './lib/fuzz-providers.mjs';
import { runSurface } from './lib/fuzz-run.mjs';
import { watchStalls } from './lib/fuzz-stall.mjs';
import { toolSurface } from './lib/fuzz-tools.mjs';
import { webhookSurfaces } from './lib/fuzz-webhooks.mjs';

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    /** The part of the name of a surface. */
    surface: { type: 'string', default: '' },
    /** One session of one surface, as the report names it. */
    session: { type: 'string' },
    witnesses: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});
const stallBarMs = 50;
const run = {
  seed: Number(options.seed),
  cases: Number(options.cases),
  only: options.session === undefined ? undefined : Number(options.session),
};
const isAsked = ({ name }) => name.includes(options.surface);
/** In virtual time, or with nobody on the line: they compute as long as they like. */
const alone = [cutSurface, configSurface, toolSurface].filter(isAsked);

async function runOne(surface, stalls) {
  stalls?.read();
  const startedAt = performance.now();
  const report = await runSurface(surface, {
    ...run,
    onProgress: ({ cases }) => tellProgress(surface.name, cases),
  });
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  return { ...report, seconds, ...(stalls && { stall: stalls.read() }) };
}

function tellProgress(name, cases) {
  if (!options.json && process.stderr.isTTY) process.stderr.write(`\r${name}: ${cases} of ${run.cases}    `);
}

/** The surfaces that calls have to live beside. */
const surfacesOf = (house, witnesses) =>
  [
    ...providerSurfaces,
    ...carrierSurfaces(house, witnesses),
    ...webhookSurfaces(house, witnesses),
    ...apiSurfaces(house, witnesses),
  ].filter(isAsked);

async function runBesideWitnesses() {
  if (surfacesOf().length === 0) return { reports: [], witnesses: { turns: 0, harmed: [] } };
  const house = await openHouse();
  const witnesses = await startWitnesses(house, Number(options.witnesses));
  const stalls = watchStalls();
  // All are talking before the first odd message comes.
  await pause(Number(options.witnesses) * 97 + 2_000);
  const reports = [];
  for (const surface of surfacesOf(house, witnesses)) reports.push(await runOne(surface, stalls));
  stalls.stop();
  const told = await witnesses.end();
  await house.close();
  return { reports, witnesses: told };
}

async function runAlone() {
  const reports = [];
  for (const surface of alone) reports.push(await runOne(surface));
  return reports;
}

function tell({ surfaces, witnesses, longestStallMs }) {
  console.log('\nsurface                  cases  sessions  seconds  longest stall (ours)  problems');
  for (const { surface, cases, sessions, seconds, stall, problems } of surfaces) {
    const stalled = stall === undefined ? '' : `${stall.longestMs} (${stall.ownMs}) ms`;
    const cells = [cases, sessions, seconds, stalled, problems.length].map(String);
    const widths = [9, 10, 9, 22, 10];
    console.log(surface.padEnd(21) + cells.map((cell, index) => cell.padStart(widths[index])).join(''));
  }
  console.log(
    `\n${witnesses.turns} turns of ${options.witnesses} witnesses, ${witnesses.harmed.length} harmed`,
  );
  for (const harm of witnesses.harmed.slice(0, 20)) console.error(`  ${harm}`);
  for (const { surface, seed, problems } of surfaces) {
    for (const { sessions, what } of problems.slice(0, 10)) {
      const [session] = sessions;
      console.error(
        `\n${surface}, ${sessions.length === 1 ? 'session' : 'one of the sessions'} ${sessions.join(', ')}: ${what.slice(0, 1_500)}`,
      );
      console.error(`  npm run fuzz -- --surface ${surface} --seed ${seed} --session ${session}`);
    }
  }
  for (const { surface, stall } of surfaces)
    if (stall?.longestMs > stallBarMs)
      console.log(
        `Time bar missed: ${surface} held the loop for ${stall.longestMs} ms, ${stall.ownMs} of them ours (bar ${stallBarMs}).`,
      );
  console.log(`Longest stall ${longestStallMs} ms.`);
}

const { reports, witnesses } = await runBesideWitnesses();
const surfaces = [...reports, ...(await runAlone())];
const problems = surfaces.reduce((sum, report) => sum + report.problems.length, 0);
const result = {
  seed: run.seed,
  cases: surfaces.reduce((sum, report) => sum + report.cases, 0),
  problems,
  witnesses,
  longestStallMs: Math.max(0, ...surfaces.map(({ stall }) => stall?.longestMs ?? 0)),
  surfaces,
};
if (options.json) console.log(JSON.stringify(result));
else tell(result);
// Time bars are told, not enforced; the rest is.
process.exitCode = problems === 0 && witnesses.harmed.length === 0 ? 0 : 1;
