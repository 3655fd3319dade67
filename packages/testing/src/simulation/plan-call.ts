// A call made up by chance: what the caller does, what each provider is like, and what goes wrong. Plain data, from a seed.
import type { LlmCapabilities, SttCapabilities, TtsCapabilities } from '@voicewire/core/adapter';
import { seededRandom } from '../chaos/seeded-random.js';
import type { ScriptedFault } from '../scripted/scripted-fault.js';

export type SimulatedStep =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'say'; readonly text: string }
  | { readonly do: 'press'; readonly keys: string }
  /** Waits until the agent has spoken so long, at most `patienceMs`. */
  | { readonly do: 'hear'; readonly ms: number; readonly patienceMs: number };

export interface SimulatedProvider<Capabilities> {
  readonly capabilities: Partial<Capabilities>;
  readonly delayMs: number;
  /** By stream, utterance or response. */
  readonly faults: readonly (ScriptedFault | undefined)[];
}

export interface SimulatedCallPlan {
  readonly seed: number;
  /** When the call begins, on the clock it shares with others. */
  readonly startMs: number;
  readonly steps: readonly SimulatedStep[];
  readonly ending: 'hang-up' | 'lose' | 'stay';
  /** The caller hangs up then, whatever they are doing. */
  readonly leavesAfterMs: number | undefined;
  readonly isGreeted: boolean;
  readonly eager: boolean;
  readonly pacing: 'carrier' | 'ours';
  readonly marks: 'played' | 'none';
  readonly stt: readonly SimulatedProvider<SttCapabilities>[];
  readonly llm: readonly SimulatedProvider<LlmCapabilities>[];
  readonly tts: readonly SimulatedProvider<TtsCapabilities>[];
  /** Of tools: what they do. */
  readonly tool: 'answers' | 'throws' | 'hangs';
}

/** Calls last so long, in ms of speech and pauses that are planned. */
const lengthMs = { least: 10_000, most: 60_000 };
const words =
  'where is my order please tell me what about the blue one from last week thank you wait stop no yes';
const vocabulary = words.split(' ');
const keys = '0123456789*#'.split('');
const msPerChar = 60;

/** Chance with names for what it is asked. */
interface Dice {
  (): number;
  between(least: number, most: number): number;
  happens(share: number): boolean;
  one<Item>(of: readonly Item[]): Item;
}

function createDice(...seeds: readonly number[]): Dice {
  const random = seededRandom(...seeds);
  const between = (least: number, most: number): number => Math.floor(least + random() * (most - least + 1));
  return Object.assign(() => random(), {
    between,
    happens: (share: number) => random() < share,
    one: <Item>(of: readonly Item[]): Item => of[between(0, of.length - 1)] as Item,
  });
}

/** The same plan for the same seeds. */
export function planCall(seed: number, index: number): SimulatedCallPlan {
  const dice = createDice(seed, index);
  const totalMs = dice.between(lengthMs.least, lengthMs.most);
  const chain = <Capabilities>(
    capabilities: () => Partial<Capabilities>,
  ): readonly SimulatedProvider<Capabilities>[] =>
    Array.from({ length: dice.between(1, 3) }, () => ({
      capabilities: capabilities(),
      delayMs: dice.one([0, 0, 20, 120, 400]),
      faults: planFaults(dice),
    }));
  return {
    seed,
    startMs: dice.between(0, 5_000),
    steps: planSteps(dice, totalMs),
    ending: dice.one(['hang-up', 'hang-up', 'lose', 'stay']),
    leavesAfterMs: dice.happens(0.3) ? dice.between(0, totalMs) : undefined,
    isGreeted: dice.happens(0.7),
    eager: dice.happens(0.3),
    pacing: dice.happens(0.8) ? 'carrier' : 'ours',
    marks: dice.happens(0.8) ? 'played' : 'none',
    stt: chain(() => ({
      timing: dice.one(['word', 'word', 'segment', 'none']),
      flush: dice.happens(0.8),
      turnEvents: dice.happens(0.6),
      partials: dice.happens(0.9),
      maxReplayRate: dice.one([1, 4]),
    })),
    llm: chain(() => ({ prefill: dice.happens(0.5) })),
    tts: chain(() => ({ wordTimings: dice.happens(0.7), textStreaming: dice.happens(0.7) })),
    tool: dice.one(['answers', 'answers', 'throws', 'hangs']),
  };
}

function planSteps(dice: Dice, totalMs: number): readonly SimulatedStep[] {
  const steps: SimulatedStep[] = [];
  for (let ms = 0; ms < totalMs;) {
    const step = planStep(dice);
    steps.push(step);
    if (step.do === 'say') ms += step.text.length * msPerChar;
    else if (step.do === 'press') ms += step.keys.length * 200;
    else ms += step.ms;
  }
  return steps;
}

function planStep(dice: Dice): SimulatedStep {
  const text = (): string => Array.from({ length: dice.between(1, 7) }, () => dice.one(vocabulary)).join(' ');
  const kind = dice();
  if (kind < 0.4) return { do: 'say', text: text() };
  if (kind < 0.45) return { do: 'say', text: 'mm-hm' };
  if (kind < 0.5) {
    const pressed = Array.from({ length: dice.between(1, 6) }, () => dice.one(keys)).join('');
    return { do: 'press', keys: pressed };
  }
  if (kind < 0.7) return { do: 'hear', ms: dice.between(0, 2_500), patienceMs: 6_000 };
  // Pauses inside a turn, between turns, and such that make others ask.
  return { do: 'wait', ms: dice.one([dice.between(20, 600), dice.between(600, 3_000), 12_000]) };
}

/** About every fifth piece of work goes wrong. */
function planFaults(dice: Dice): readonly (ScriptedFault | undefined)[] {
  if (dice.happens(0.4)) return [];
  return Array.from({ length: 20 }, () => (dice.happens(0.2) ? planFault(dice) : undefined));
}

function planFault(dice: Dice): ScriptedFault {
  const failure = dice.one(['unavailable', 'protocol', 'rate_limit', 'timeout', 'content'] as const);
  switch (dice.between(0, 4)) {
    case 0:
      return { type: 'refuse', class: failure, retryAfterMs: dice.between(0, 5_000) };
    case 1:
      return { type: 'hang' };
    case 2:
      return { type: 'fail', class: failure, afterEvents: dice.between(0, 8) };
    case 3:
      return dice.happens(0.5)
        ? { type: 'stall', afterEvents: dice.between(0, 8) }
        : { type: 'fail', class: failure, afterMs: dice.between(0, 20_000) };
    default:
      return { type: 'slow', delayMs: dice.one([30, 200, 900]) };
  }
}
