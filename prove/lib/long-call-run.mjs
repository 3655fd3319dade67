// One call of hours in virtual time, on scripted providers: a question, its answer, a pause, and again.
import { acceptMedia, runCall } from '@voicewire/core';
import {
  createScriptedLlm,
  createScriptedStt,
  createScriptedTts,
  createSimulatedCaller,
  createVirtualClock,
} from '@voicewire/testing';

const hourMs = 3_600_000;

/** `onHour` is told when an hour begins and when the last is over. Resolves with what the call holds at its end. */
export async function playLongCall({ hours, pauseMs = 4_000, onHour = () => undefined }) {
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
        await hands.wait(pauseMs);
      }
    },
  });
  const call = await answerLong(caller, clock, hours);
  let isOver = false;
  void call.done.then(() => (isOver = true));
  for (let hour = 0; hour <= hours && !isOver; hour += 1) {
    await clock.advanceTo(hour * hourMs);
    onHour(hour);
  }
  await clock.run({ until: () => isOver });
  const { reason, log, messages } = await call.done;
  return {
    hours,
    turns,
    reason,
    events: log.at(-1).seq,
    keptEvents: log.length,
    messages: messages.length,
    pendingTimers: clock.pendingTimers,
  };
}

async function answerLong({ capabilities, control, open }, clock, hours) {
  const media = await acceptMedia({ provider: 'simulated', capabilities, clock, open });
  const endless = { callMinutes: (hours + 1) * 60 };
  return runCall({
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
}
