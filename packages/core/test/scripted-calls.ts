// For tests: calls made up by chance, any number of them on one virtual clock, and what must hold for each.
import {
  createScriptedLlm,
  createScriptedStt,
  createScriptedTts,
  createSimulatedCaller,
  wordsAsHeard,
  type ScriptedFault,
  type VirtualClock,
} from '@voicewire/testing';
import { z } from 'zod';
import { countListeners } from '../../testing/src/simulation/count-listeners.js';
import { acceptMedia } from '../src/call/accept-media.js';
import type { CallResult } from '../src/call/call.js';
import { runCall } from '../src/call/run-call.js';
import { defineTool } from '../src/call/tool.js';
import type { CallEvent } from '../src/spec/call-event.js';

export interface ScriptedCall {
  readonly steps: readonly (
    | { readonly do: 'wait'; readonly ms: number }
    | { readonly do: 'say'; readonly text: string }
    | { readonly do: 'press'; readonly keys: string }
    | { readonly do: 'interrupt'; readonly ms: number }
  )[];
  readonly ending: 'hangup' | 'lose';
  readonly stt: readonly (ScriptedFault | undefined)[];
  readonly llm: readonly (ScriptedFault | undefined)[];
  readonly tts: readonly (ScriptedFault | undefined)[];
  readonly eager: boolean;
  readonly wordTimings: boolean;
  readonly textStreaming: boolean;
  readonly greeting: boolean;
  readonly pacing: 'carrier' | 'ours';
}

export interface ScriptedCallResult {
  /** What does not hold and should. */
  readonly problems: readonly string[];
  /** Abort listeners left on the application's signal. */
  readonly abortListeners: number;
  /** Everything that anybody was told in this call, as text. */
  readonly told: string;
}

interface Running {
  isOver: boolean;
}

export function createScriptedCalls(
  clock: VirtualClock,
  scripts: readonly ScriptedCall[],
): { readonly calls: readonly Running[]; result(): Promise<readonly ScriptedCallResult[]> } {
  const calls = scripts.map((): Running => ({ isOver: false }));
  const results = scripts.map((script, index) =>
    play(clock, script, index).finally(() => {
      const call = calls[index];
      if (call !== undefined) call.isOver = true;
    }),
  );
  for (const result of results) result.catch(() => undefined);
  return { calls, result: () => Promise.all(results) };
}

async function play(clock: VirtualClock, script: ScriptedCall, index: number): Promise<ScriptedCallResult> {
  const counted = countListeners();
  const caller = createSimulatedCaller({
    clock,
    callId: `call-${index}`,
    capabilities: { pacing: script.pacing },
    maxBufferMs: 60_000,
    script: async (hands) => {
      await hands.wait(400);
      for (const step of script.steps) {
        if (step.do === 'wait') await hands.wait(step.ms);
        if (step.do === 'press') await hands.press(step.keys);
        if (step.do === 'say') await hands.say(`${step.text} caller${index}`);
        if (step.do === 'interrupt') await Promise.race([hands.agentSpeaks(step.ms), hands.wait(8_000)]);
      }
      await hands.wait(3_000);
      if (script.ending === 'lose') hands.lose();
    },
  });
  const llm = createScriptedLlm({
    responses: ({ messages }, request) => {
      const last = messages.at(-1);
      const isTold = last?.role === 'tool' || request % 3 !== 2;
      return isTold
        ? `This is answer ${request} for caller${index}. It has a second sentence.`
        : {
            parts: [
              { type: 'tool-calls', calls: [{ id: `t${request}`, name: 'look', argumentsText: '{}' }] },
            ],
          };
    },
    faults: script.llm,
  });
  const look = defineTool({
    name: 'look',
    description: 'Looks.',
    risk: 'read',
    input: z.object({}),
    run: () => `seen by caller${index}`,
  });
  const { capabilities, open, control } = caller;
  const media = await acceptMedia({ provider: 'simulated', capabilities, clock, open });
  const call = runCall({
    mode: 'agent',
    agent: {
      name: 'test',
      instructions: `Answer caller${index}.`,
      tools: [look],
      ...(script.greeting ? { greeting: `Good day caller${index}.` } : {}),
    },
    media,
    control,
    clock,
    signal: counted.signal,
    providers: {
      stt: createScriptedStt({
        faults: script.stt,
        pauseMs: 500,
        ...(script.eager ? { eagerPauseMs: 300 } : {}),
      }),
      tts: createScriptedTts({
        faults: script.tts,
        capabilities: { wordTimings: script.wordTimings, textStreaming: script.textStreaming },
      }),
      llm,
    },
  });
  const events: CallEvent[] = [];
  for await (const event of call.events({ fromSeq: 1 })) if (event.type !== 'events-lost') events.push(event);
  const result = await call.done;
  await caller.done;
  return {
    problems: problemsOf(events, result, caller.heardText(), `call-${index}`),
    abortListeners: counted.count(),
    told: JSON.stringify([events, result, llm.requests.map(({ messages }) => messages), caller.heardText()]),
  };
}

function problemsOf(
  events: readonly CallEvent[],
  result: CallResult,
  heardText: string,
  callId: string,
): readonly string[] {
  const problems: string[] = [];
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(`${callId}: ${problem}`);
  };
  const heard = events.filter((event) => event.type === 'agent-heard');
  const replies = events.filter((event) => event.type === 'reply-started');
  check(events.at(-1)?.type === 'call-ended', 'the last event is not the end');
  check(
    events.every(({ seq }, index) => seq === index + 1),
    'the log has gaps',
  );
  check(replies.length === heard.length, 'a reply has no end, or two');
  const answered = heard
    .filter(({ text }) => text !== '')
    .map(({ turnId }) => replies.find((reply) => reply.turnId === turnId)?.utterance ?? 0)
    .filter((utterance) => utterance > 0);
  check(new Set(answered).size === answered.length, 'one utterance was answered twice');
  const remembered = result.messages.flatMap(({ role, content }) =>
    role === 'assistant' ? wordsAsHeard(content) : [],
  );
  // Letter by letter: a word that was cut off, or that a stuttering voice said in two, is heard in pieces.
  const wasHeard = isWithin(remembered.join(''), heardText);
  check(wasHeard, `remembered «${remembered.join(' ')}», heard «${heardText}»`);
  const finished = events.filter((event) => event.type === 'tool-finished').length;
  check(events.filter((event) => event.type === 'tool-started').length === finished, 'a tool has no end');
  return problems;
}

function isWithin(part: string, whole: string): boolean {
  let at = 0;
  for (const letter of part) {
    at = whole.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
