// One simulated call: the shipped call, turn and resilience code between a scripted caller and scripted chains.
import {
  acceptMedia,
  defineTool,
  llmChain,
  runCall,
  sttChain,
  ttsChain,
  type Agent,
  type CallEvent,
  type CallResult,
  type Health,
} from '@voicewire/core';
import type { Caller } from '../carrier/caller.js';
import { createSimulatedCaller } from '../carrier/simulated-caller.js';
import { createScriptedLlm, type ScriptedLlmStep } from '../scripted/scripted-llm.js';
import { createScriptedStt } from '../scripted/scripted-stt.js';
import { createScriptedTts } from '../scripted/scripted-tts.js';
import type { VirtualClock } from '../virtual-clock.js';
import { countListeners } from './count-listeners.js';
import type { SimulatedCallPlan, SimulatedProvider } from './plan-call.js';

/** A call that is over, and all that anybody saw of it. */
export interface SimulatedCall {
  readonly plan: SimulatedCallPlan;
  /** In everything that is said to this call and by it: what must not turn up in any other. */
  readonly token: string;
  readonly events: readonly CallEvent[];
  readonly result: CallResult;
  /** Words the caller heard, read from the carrier's bytes. */
  readonly heard: readonly string[];
  /** Everything that models were told, as text. */
  readonly asked: string;
  /** Listeners left on the application's signal. */
  readonly listeners: number;
  readonly durationMs: number;
}

/** Letters only: it is spoken. No word that an agent says has a q: a token that is cut off before one makes no other token. */
export function tokenOf(index: number): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  return `caller${letters[Math.floor(index / 26) % 26] ?? ''}${letters[index % 26] ?? ''}q`;
}

/** Runs on `clock`, which somebody else moves. */
export async function simulateCall(
  plan: SimulatedCallPlan,
  token: string,
  clock: VirtualClock,
  health: Health,
): Promise<SimulatedCall> {
  if (plan.startMs > 0) await new Promise<void>((resolve) => void clock.setTimeout(resolve, plan.startMs));
  const counted = countListeners();
  const caller = createSimulatedCaller({
    clock,
    callId: token,
    capabilities: { pacing: plan.pacing, marks: plan.marks },
    maxBufferMs: 60_000,
    script: (hands) => act(hands, plan, token, clock),
  });
  const asked: string[] = [];
  const { capabilities, open, control } = caller;
  const media = await acceptMedia({ provider: 'simulated', capabilities, clock, open });
  const startedMs = clock.now();
  const call = runCall({
    mode: 'agent',
    agent: agentOf(plan, token),
    media,
    control,
    clock,
    health,
    signal: counted.signal,
    ladder: { retries: 1, person: '+15550100', voicemail: '+15550101' },
    providers: providersOf(plan, token, health, asked),
  });
  const events: CallEvent[] = [];
  for await (const event of call.events({ fromSeq: 1 })) if (event.type !== 'events-lost') events.push(event);
  const result = await call.done;
  const durationMs = clock.now() - startedMs;
  await caller.done;
  return {
    plan,
    token,
    events,
    result,
    heard: caller.heardWords().map(({ text }) => text),
    asked: asked.join('\n'),
    listeners: counted.count(),
    durationMs,
  };
}

async function act(
  hands: Caller,
  { steps, ending, leavesAfterMs }: SimulatedCallPlan,
  token: string,
  clock: VirtualClock,
): Promise<void> {
  const timer =
    leavesAfterMs === undefined
      ? undefined
      : clock.setTimeout(() => {
          hands.hangup();
        }, leavesAfterMs);
  try {
    await hands.wait(400);
    for (const step of steps) await take(hands, step, token);
    await hands.wait(3_000);
    if (ending === 'lose') hands.lose();
    // Somebody who says nothing more and does not hang up is let go.
    if (ending === 'stay') await hands.wait(90_000);
  } finally {
    clock.clearTimeout(timer);
  }
}

async function take(hands: Caller, step: SimulatedCallPlan['steps'][number], token: string): Promise<void> {
  switch (step.do) {
    case 'wait':
      return hands.wait(step.ms);
    case 'say':
      return hands.say(`${step.text} ${token}`);
    case 'press':
      return hands.press(step.keys);
    case 'hear': {
      const sinceMs = hands.now();
      const spoken = hands.agentSpeaks(step.ms).catch(() => undefined);
      let hasSpoken = false;
      void spoken.then(() => (hasSpoken = true));
      return hands.until(() => hasSpoken || hands.now() - sinceMs > step.patienceMs);
    }
  }
}

function agentOf({ isGreeted, tool }: SimulatedCallPlan, token: string): Agent {
  const look = defineTool({
    name: 'look',
    description: 'Looks.',
    risk: 'read',
    jsonSchema: { type: 'object', properties: {} },
    input: anything,
    run: () => {
      if (tool === 'throws') throw new TypeError('the tool is broken');
      return tool === 'hangs' ? new Promise<string>(() => undefined) : `seen by ${token}`;
    },
  });
  return {
    name: 'simulated',
    instructions: `Answer ${token}.`,
    tools: [look],
    ...(isGreeted ? { greeting: `Good day ${token}.` } : {}),
  };
}

/** A schema that takes what comes. */
const anything = {
  '~standard': {
    version: 1,
    vendor: 'voicewire',
    validate: (value: unknown) => ({ value }),
  },
} as const;

function providersOf(plan: SimulatedCallPlan, token: string, health: Health, asked: string[]) {
  const { stt, llm, tts, eager } = plan;
  const named = <Capabilities, Adapter>(
    providers: readonly SimulatedProvider<Capabilities>[],
    create: (provider: string, options: SimulatedProvider<Capabilities>) => Adapter,
  ): readonly Adapter[] => providers.map((options, place) => create(`p${place}`, options));
  return {
    stt: sttChain(
      named(stt, (provider, { capabilities, faults, delayMs }) =>
        createScriptedStt({
          provider,
          capabilities,
          faults,
          delays: { eventMs: delayMs },
          pauseMs: 500,
          ...(eager ? { eagerPauseMs: 300 } : {}),
        }),
      ),
      { health },
    ),
    llm: llmChain(
      named(llm, (provider, { capabilities, faults, delayMs }) =>
        createScriptedLlm({
          provider,
          capabilities,
          faults,
          delays: { firstMs: delayMs, partMs: delayMs / 10 },
          responses: (request, index) => {
            asked.push(JSON.stringify(request.messages));
            return answer(token, index, request.messages.at(-1)?.role === 'tool');
          },
        }),
      ),
      { health },
    ),
    tts: ttsChain(
      named(tts, (provider, { capabilities, faults, delayMs }) =>
        createScriptedTts({ provider, capabilities, faults, delays: { firstAudioMs: delayMs } }),
      ),
      { health },
    ),
  };
}

function answer(token: string, index: number, isTold: boolean): ScriptedLlmStep {
  if (!isTold && index % 3 === 2) {
    return {
      parts: [{ type: 'tool-calls', calls: [{ id: `t${index}`, name: 'look', argumentsText: '{}' }] }],
    };
  }
  const text = `This is what I found for ${token}. It has a second sentence, and a third.`;
  return { parts: text.split(/(?<= )/).map((part) => ({ type: 'text', text: part })) };
}
