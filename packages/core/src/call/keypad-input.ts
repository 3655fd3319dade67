// Digits a slot waits for: taken before any record sees them, while the mask gate is closed.
import type { Clock, TimerHandle } from '../spec/clock.js';
import type { MaskGate } from './mask-gate.js';

export interface KeypadInput {
  /**
   * Resolves with what was typed when `digits` keys or `#` came; with the empty string when nothing more came for half a
   * minute, or `signal` fired. One after the other: a second waits for the first.
   */
  collect(digits: number, signal: AbortSignal): Promise<string>;
  /** A key was pressed; only a collection in progress takes it. */
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
    press(digit) {
      if (current === undefined) return;
      if (digit !== '#') current.typed += digit;
      if (digit === '#' || current.typed.length >= current.digits) current.finish(current.typed);
      else armPatience();
    },
    close() {
      isClosed = true;
      giveUp();
    },
  };
}
