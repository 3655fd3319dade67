// The way down the ladder: what is left to a caller when a stage of their call has failed for good.
import {
  stepBelow,
  type Ladder,
  type LadderMenu,
  type LadderStep,
  type MenuChoice,
} from '../resilience/ladder.js';
import type { CallEventBody } from '../spec/call-event.js';
import type { Clock } from '../spec/clock.js';
import type { Stage } from '../spec/error.js';
import type { AgentLines } from './agent.js';

export interface DescentOptions {
  readonly stage: Stage;
  readonly ladder: Ladder;
  readonly lines: AgentLines;
  readonly canTransfer: boolean;
  readonly hasKeys: boolean;
  readonly clock: Clock;
  readonly dispatch: (body: CallEventBody) => void;
  /** Resolves with whether the caller heard it; with false when `hush` was called, and when the call ended. */
  readonly speak: (text: string) => Promise<boolean>;
  readonly hush: () => void;
  readonly choose: (keys: readonly string[], signal: AbortSignal) => Promise<string | undefined>;
  /** Rejects when the carrier could not; otherwise the call is over with it. */
  readonly transfer: (to: string) => Promise<void>;
  readonly isOver: () => boolean;
  /** `unsaid`: last words that no voice could say. */
  readonly end: (unsaid: string | undefined) => void;
}

const defaultMenu = { waitMs: 7_000, times: 2 };

/** Settles when the call is over, or is about to be. */
export async function descend(options: DescentOptions, from: LadderStep): Promise<void> {
  for (let step: LadderStep | undefined = from; step !== undefined && !options.isOver();)
    step = await take(options, step);
}

function take(options: DescentOptions, step: LadderStep): Promise<LadderStep | undefined> {
  switch (step) {
    case 'menu':
      return offerMenu(options);
    case 'person':
    case 'voicemail':
      return connect(options, step);
    case 'goodbye':
      return sayGoodbye(options);
  }
}

async function offerMenu(options: DescentOptions): Promise<LadderStep | undefined> {
  const { ladder, stage, hasKeys, isOver, dispatch } = options;
  const { menu } = ladder;
  const below = stepBelow('menu');
  if (menu === undefined || !hasKeys) return below;
  dispatch({ type: 'degraded', stage, step: 'menu' });
  for (let time = 0; time < (menu.times ?? defaultMenu.times); time += 1) {
    const { key, wasHeard } = await offerOnce(options, menu);
    const choice: MenuChoice | undefined = key === undefined ? undefined : menu.keys[key];
    if (choice !== undefined) dispatch({ type: 'degraded', stage, step: 'menu', key });
    if (choice !== undefined) return choice;
    // A menu that nobody can say is no menu.
    if (!wasHeard || isOver()) return below;
  }
  return below;
}

/** Keys count from the prompt's first word on; a caller who knows them need not hear it out. */
async function offerOnce(
  { speak, hush, choose, clock }: DescentOptions,
  { prompt, keys, waitMs = defaultMenu.waitMs }: LadderMenu,
): Promise<{ readonly key: string | undefined; readonly wasHeard: boolean }> {
  const controller = new AbortController();
  const chosen = choose(Object.keys(keys), controller.signal);
  void chosen.then(hush);
  const wasHeard = await speak(prompt);
  const timer = clock.setTimeout(
    () => {
      controller.abort();
    },
    wasHeard ? waitMs : 0,
  );
  const key = await chosen;
  clock.clearTimeout(timer);
  return { key, wasHeard };
}

/** To whoever is configured; where nobody is reached the caller comes back, and goes on below. */
async function connect(
  { ladder, stage, lines, canTransfer, speak, transfer, isOver, dispatch }: DescentOptions,
  step: 'person' | 'voicemail',
): Promise<LadderStep | undefined> {
  const to = ladder[step];
  if (to === undefined || !canTransfer) return stepBelow(step);
  dispatch({ type: 'degraded', stage, step });
  // Ringing is no silence: a carrier that can't be spoken through still connects.
  await speak(lines.connecting);
  if (isOver()) return undefined;
  try {
    await transfer(to);
    return undefined;
  } catch {
    // The record has it as `transfer-failed`.
    return stepBelow(step);
  }
}

async function sayGoodbye({ stage, lines, speak, end, dispatch }: DescentOptions): Promise<undefined> {
  dispatch({ type: 'degraded', stage, step: 'goodbye' });
  const wasHeard = await speak(lines.apology);
  end(wasHeard ? undefined : lines.apology);
}
