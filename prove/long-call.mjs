// One call of eight hours in virtual time: what it holds must not grow with it. Run with --expose-gc.
import { getHeapSpaceStatistics } from 'node:v8';
import { acceptMedia, runCall } from '@voicewire/core';
import {
  createScriptedLlm,
  createScriptedStt,
  createScriptedTts,
  createSimulatedCaller,
  createVirtualClock,
} from '@voicewire/testing';
import { slopeOf } from './lib/figures.mjs';

const hours = Number(process.argv[2] ?? 8);
const hourMs = 3_600_000;
/** What the program holds: compiled code is the engine's, and goes on growing for hours. */
const heap = () => {
  globalThis.gc();
  globalThis.gc();
  const code = getHeapSpaceStatistics().filter(({ space_name: name }) => name.startsWith('code'));
  const codeBytes = code.reduce((sum, { space_used_size: used }) => sum + used, 0);
  return (process.memoryUsage().heapUsed - codeBytes) / 1024;
};

const clock = createVirtualClock();
let turns = 0;
const caller = createSimulatedCaller({
  clock,
  record: false,
  maxCallMs: (hours + 1) * hourMs,
  script: async (hands) => {
    while (hands.now() < hours * hourMs) {
      await hands.say(`question number ${(turns += 1)} please`);
      await hands.agentFinishes();
      await hands.wait(4_000);
    }
  },
});
const { capabilities, control, open } = caller;
const media = await acceptMedia({ provider: 'simulated', capabilities, clock, open });
const endless = { callMinutes: (hours + 1) * 60 };
const call = runCall({
  mode: 'agent',
  agent: { name: 'long', instructions: 'Answer.', limits: endless, turn: { silenceMs: 60_000 } },
  media,
  control,
  clock,
  providers: {
    stt: createScriptedStt(),
    llm: createScriptedLlm({
      record: false,
      responses: () => 'This is the answer. It has a second sentence.',
    }),
    tts: createScriptedTts({ record: false }),
  },
});

let isOver = false;
void call.done.then(() => (isOver = true));
const samples = [];
for (let hour = 0; hour <= hours && !isOver; hour += 1) {
  await clock.advanceTo(hour * hourMs);
  samples.push({ hour, heapKb: Math.round(heap()) });
}
await clock.run({ until: () => isOver });
const { reason, log, messages } = await call.done;
const later = samples.slice(2);
const slopeKbPerHour = slopeOf(later.map(({ hour, heapKb }) => [hour, heapKb]));
const result = {
  hours,
  turns,
  reason,
  events: log.at(-1).seq,
  keptEvents: log.length,
  messages: messages.length,
  heapKb: samples.map(({ heapKb }) => heapKb),
  slopeKbPerHour: Math.round(slopeKbPerHour * 10) / 10,
  pendingTimers: clock.pendingTimers,
};
console.log(JSON.stringify(result));
