// The caller of a scenario: takes its steps one after the other, and notes when each was taken.
import type { Caller } from '../carrier/caller.js';
import type { AnswerWatch } from './answer-watch.js';
import type { Scenario, ScenarioStep } from './scenario.js';

/** One step that was taken. Places in the log are `seq` of the last event before. */
export interface TakenStep {
  readonly index: number;
  /** Where the caller began what wants an answer; undefined for steps that want none. */
  askedSeq: number | undefined;
  /** Undefined while it is being taken: the call may end in it. */
  toSeq: number | undefined;
  toMs: number | undefined;
}

export interface FollowOptions {
  readonly script: Scenario['script'];
  readonly caller: Caller;
  readonly answers: AnswerWatch;
  /** Ms since the call began. */
  readonly now: () => number;
  /** How a line is said: spoken or typed. */
  readonly say: (text: string) => Promise<void>;
  readonly play: (file: string) => Promise<void>;
  /** How long the caller takes to begin when it is their turn. */
  readonly reactionMs: number;
  /** Told of each step when it begins. */
  readonly onStep: (step: TakenStep) => void;
}

/** Stays this long after the last answer: who wants to hang up first can. */
const lingerMs = 1_000;
const defaultBargeInMs = 500;

/**
 * A polite caller: whoever is owed an answer hears it to the end before they speak. A pause of a length that is written down
 * takes the place of that wait, and so does a barge-in.
 */
export async function followScript(options: FollowOptions): Promise<void> {
  const { script, caller, answers, now } = options;
  let isPaced = false;
  for (const [index, step] of script.entries()) {
    const speaks = step.say !== undefined || step.wav !== undefined || step.press !== undefined;
    if ((speaks && !isPaced) || step.silence_ms !== undefined) await owed(options, speaks);
    const taken: TakenStep = { index, askedSeq: undefined, toSeq: undefined, toMs: undefined };
    options.onStep(taken);
    await take(step, options, () => {
      answers.ask();
      taken.askedSeq = answers.seq;
    });
    taken.toSeq = answers.seq;
    taken.toMs = now();
    isPaced = step.wait_ms !== undefined;
    if (step.hang_up === true) return;
  }
  await caller.until(answers.isAnswered);
  await caller.wait(lingerMs);
}

async function owed({ caller, answers, reactionMs }: FollowOptions, isToSpeak: boolean): Promise<void> {
  await caller.until(answers.isAnswered);
  if (isToSpeak) await caller.wait(reactionMs);
}

async function take(step: ScenarioStep, options: FollowOptions, ask: () => void): Promise<void> {
  const { caller, answers } = options;
  if (step.barge_in !== undefined) {
    await agentHasSaid(step.barge_in, options);
    ask();
    await options.say(step.barge_in.say);
    return;
  }
  if (isWaiting(step)) {
    await caller.wait(step.wait_ms ?? 0);
    if (step.wait_for === 'agent' || step.expect !== undefined) await caller.until(answers.isAnswered);
    if (step.wait_for === 'end') await caller.until(() => false);
    return;
  }
  ask();
  if (step.say !== undefined) await options.say(step.say);
  if (step.wav !== undefined) await options.play(step.wav);
  if (step.press !== undefined) await caller.press(step.press);
  if (step.silence_ms !== undefined) await caller.wait(step.silence_ms);
}

function isWaiting({ wait_ms: waitMs, wait_for: waitFor, expect, hang_up: hangUp }: ScenarioStep): boolean {
  return [waitMs, waitFor, expect, hangUp].some((kind) => kind !== undefined);
}

async function agentHasSaid(
  { after_ms: afterMs = defaultBargeInMs, after_words: afterWords }: NonNullable<ScenarioStep['barge_in']>,
  { caller, answers }: FollowOptions,
): Promise<void> {
  if (afterWords !== undefined) await caller.until(() => answers.wordEndsMs.length >= afterWords);
  await caller.agentSpeaks(afterWords === undefined ? afterMs : answers.wordEndsMs[afterWords - 1]);
}
