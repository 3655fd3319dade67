// Keys that somebody waits for: a slot's digits, taken before any record sees them, or one key of a menu.
import type { Clock, TimerHandle } from '../spec/clock.js';
import type { MaskGate } from './mask-gate.js';

export interface KeypadInput {
  /**
   * Resolves with what was typed when `digits` keys or `#` came; with the empty string when nothing more came for half a
   * minute, or `signal` fired. One after the other: a second waits for the first.
   */
  collect(digits: number, signal: AbortSignal): Promise<string>;
  /** Resolves with the first of these keys that is pressed; with undefined when `signal` fired before. Seen by every record. */
  choose(keys: readonly string[], signal: AbortSignal): Promise<string | undefined>;
  /** A key was pressed: a collection in progress takes it, else whoever waits for a choice. */
  press(digit: string): void;
  close(): void;
}

interface Collection {
  typed: string;
  readonly digits: number;
  /** Nothing more may come. */
  finish(typed: string): void;
}

const patienceMs = 30_000;

export function createKeypadInput(gate: MaskGate, clock: Clock): KeypadInput {
  let current: Collection | undefined;
  let timer: TimerHandle | undefined;
  let before: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  let offer: ((key: string | undefined) => void) | undefined;

  function giveUp(): void {
    current?.finish('');
  }

  function armPatience(): void {
    clock.clearTimeout(timer);
    timer = clock.setTimeout(giveUp, patienceMs);
  }

  async function collectNow(digits: number, signal: AbortSignal): Promise<string> {
    if (isClosed || signal.aborted) return '';
    const open = gate.close('keypad');
    signal.addEventListener('abort', giveUp);
    const typed = await new Promise<string>((finish) => {
      current = { typed: '', digits, finish };
      armPatience();
    });
    current = undefined;
    clock.clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    open();
    return typed;
  }

  return {
    collect(digits, signal) {
      const typed = before.then(() => collectNow(digits, signal));
      before = typed;
      return typed;
    },
    choose(keys, signal) {
      if (isClosed || signal.aborted) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        const settle = (key: string | undefined): void => {
          offer = undefined;
          signal.removeEventListener('abort', giveUpChoice);
          resolve(key);
        };
        const giveUpChoice = (): void => {
          settle(undefined);
        };
        signal.addEventListener('abort', giveUpChoice);
        offer = (key) => {
          if (key === undefined || keys.includes(key)) settle(key);
        };
      });
    },
    press(digit) {
      if (current === undefined) return offer?.(digit);
      if (digit !== '#') current.typed += digit;
      if (digit === '#' || current.typed.length >= current.digits) current.finish(current.typed);
      else armPatience();
    },
    close() {
      isClosed = true;
      giveUp();
      offer?.(undefined);
    },
  };
}
