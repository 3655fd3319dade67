// What a call does when a stage has failed for good: from a known line down to a polite goodbye, never silence.
import type { ConfigProblem } from '../errors/config-error.js';

/**
 * The steps below the chains, from top to bottom. A step that is not configured, or that this carrier can't do, is left out;
 * a step that fails leads to the next. What is said comes from the voice cache, and only then from a voice.
 */
export interface Ladder {
  /**
   * Failures in a row that are answered with a line (`lines.trouble`, `lines.hearing`) and another try at the next turn.
   * Default 1; 0 goes down at once.
   */
  readonly retries?: number | undefined;
  /** Offered where the carrier reports keys. */
  readonly menu?: LadderMenu | undefined;
  /** A number or address that the caller is connected to. */
  readonly person?: string | undefined;
  /** A number or address that records what the caller has to say. */
  readonly voicemail?: string | undefined;
}

export interface LadderMenu {
  /** What the keys are for. */
  readonly prompt: string;
  /** By key: `0`–`9`, `*` or `#`. */
  readonly keys: Readonly<Record<string, MenuChoice>>;
  /** After the prompt, until a key is pressed. Default 7,000 ms. */
  readonly waitMs?: number | undefined;
  /** How often the menu is offered to a caller who presses none of its keys. Default 2. */
  readonly times?: number | undefined;
}

/** Where a key of the menu leads. */
export type MenuChoice = 'person' | 'voicemail' | 'goodbye';

/** A step of the ladder; each is taken once. */
export type LadderStep = 'menu' | MenuChoice;

const order: readonly LadderStep[] = ['menu', 'person', 'voicemail', 'goodbye'];

/** The step below; undefined below the last. */
export function stepBelow(step: LadderStep): LadderStep | undefined {
  return order[order.indexOf(step) + 1];
}

interface WithLadder {
  readonly ladder?: Ladder | undefined;
}

/** What can't be meant: of the ladder for all calls, and of those for some. */
export function ladderProblems({
  ladder,
  overrides = [],
}: WithLadder & { readonly overrides?: readonly WithLadder[] | undefined }): readonly ConfigProblem[] {
  const all = [ladder, ...overrides.map((override) => override.ladder)];
  return all.flatMap((one, index) =>
    problemsOf(one, index === 0 ? 'ladder' : `overrides[${index - 1}].ladder`),
  );
}

/** `path`: where the ladder is configured. */
function problemsOf(ladder: Ladder | undefined, path: string): readonly ConfigProblem[] {
  const menu = ladder?.menu;
  if (ladder === undefined || menu === undefined) return [];
  return Object.entries(menu.keys)
    .filter(([, choice]) => choice !== 'goodbye' && ladder[choice] === undefined)
    .map(([key, choice]) => ({
      code: 'config.ladder',
      path: `${path}.menu.keys.${key}`,
      message: `the key leads to "${choice}", and ${path}.${choice} is not there`,
      found: JSON.stringify(choice),
      allowed: `a choice that is configured: add ${path}.${choice}, a number or address`,
    }));
}
