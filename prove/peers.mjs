// `npm run peers`: the same failover cases on our chains and on LiveKit's FallbackAdapters, side by side. All meet the same bytes.
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { isExact } from '@voicewire/testing';
import { cases } from './peers/cases.mjs';
import { loadPeer } from './peers/install.mjs';
import { livekit } from './peers/livekit.mjs';
import { runCase } from './peers/run-case.mjs';
import { tellRow, tellStage } from './peers/table.mjs';
import { voicewire } from './peers/voicewire.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    word: { type: 'string', default: '3,6,9' },
    'at-once': { type: 'string', default: '4' },
    list: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const words = options.word.split(',').map(Number);
const wanted = cases.filter(({ id }) =>
  options.only.split(',').some((part) => part === '' || id === part || id.startsWith(`${part}/`)),
);
if (options.list) {
  for (const { id } of wanted) console.log(id);
  process.exit(0);
}

/** What nobody caught of ours. What is the peer's is let go, as its own job process does. */
const uncaught = [];
for (const type of ['unhandledRejection', 'uncaughtException'])
  process.on(type, (error) => {
    const stack = String(error?.stack ?? error);
    if (!stack.includes('@livekit')) uncaught.push(`${type}: ${stack}`);
  });

/** A peer that can't be had here is told so in its column. */
async function peerSides() {
  try {
    const peer = await loadPeer();
    const { own, plain } = livekit(peer);
    const version = peer.versions['@livekit/agents'];
    return {
      versions: peer.versions,
      sides: [
        { name: `LiveKit ${version}, its own plugin`, ...own },
        { name: `LiveKit ${version}, a plain plugin`, ...plain },
      ],
    };
  } catch (error) {
    console.error(error.output ?? error.stack);
    const refuse = () => {
      throw new Error(error.output === undefined ? error.message : 'npm could not install it');
    };
    return { versions: {}, sides: [{ name: 'LiveKit', listen: refuse, speak: refuse }] };
  }
}

/** Resolves in turn, so that no more than so many run at once. */
function createGate(places) {
  const waiting = [];
  let free = places;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

const { version } = JSON.parse(readFileSync(new URL('../packages/core/package.json', import.meta.url)));
const { versions, sides: peers } = await peerSides();
const sides = [{ name: `Voicewire ${version}`, ...voicewire }, ...peers];
const stack = { '@voicewire/core': version, ...versions };
const enter = createGate(Number(options['at-once']));

/** Every side that has this stage, at every word. */
async function runAll(kase) {
  const runSide = async (side) => {
    const at = kase.words ? words : [0];
    try {
      const runs = await Promise.all(at.map((word) => enter(() => runCase(side, kase, word))));
      return { name: side.name, runs };
    } catch (error) {
      return { name: side.name, notRun: error.message };
    }
  };
  const able = sides.filter((side) => side[kase.stage === 'stt' ? 'listen' : 'speak'] !== undefined);
  return { id: kase.id, stage: kase.stage, sides: await Promise.all(able.map(runSide)) };
}

const when = `Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`;
if (!options.json) {
  const installed = Object.entries(stack).map(([name, one]) => `${name} ${one}`);
  console.log([...installed, when].join('\n'));
}
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const rows = [];
for (const coming of wanted.map(runAll)) {
  const row = await coming;
  if (!options.json && row.stage !== rows.at(-1)?.stage) tellStage(row);
  rows.push(row);
  if (!options.json) tellRow(row);
}

// Everything shares one process: times mean nothing where it had too little of the machine.
const lateMs = Math.round(delay.percentile(99) / 1e6);
if (options.json) console.log(JSON.stringify({ versions: stack, when, lateMs, rows, uncaught }));
else console.log(`\nThe process itself was ${lateMs} ms late (p99).`);
for (const text of uncaught) console.error(text);
const isStruck = ({ id, sides }) =>
  id.includes('/no-fault') || sides.every(({ runs = [] }) => runs.every(({ hasStruck }) => hasStruck));
const isOurs = ({ sides: [{ runs }] }) => runs?.every(({ count }) => isExact(count)) ?? false;
for (const { id } of rows.filter((row) => !isStruck(row))) console.error(`${id}: the fault never struck`);
const isWell = rows.every((row) => isStruck(row) && isOurs(row)) && uncaught.length === 0;
// The peer's native part keeps the process alive.
process.exit(isWell ? 0 : 1);
