// Digits a slot waits for: taken before any record sees them, while the mask gate is closed.
import type { Clock, TimerHandle } from '../spec/clock.js';
import type { MaskGate } from './mask-gate.js';

export interface KeypadInput {
  /** Resolves with what was typed when `digits` keys or `#` came, or nothing more came for half a minute. */
  collect(digits: number): Promise<string>;
  /** A key was pressed; only a collection in progress takes it. */
  press(digit: string): void;
  close(): void;
}

const patienceMs = 30_000;

export function createKeypadInput(gate: MaskGate, clock: Clock): KeypadInput {
  let typed = '';
  let wanted = 0;
  let timer: TimerHandle | undefined;
  let settle: (() => void) | undefined;

  function done(): void {
    clock.clearTimeout(timer);
    const resolve = settle;
    settle = undefined;
    resolve?.();
  }

  return {
    async collect(digits) {
      done();
      typed = '';
      wanted = digits;
      gate.close('keypad');
      await new Promise<void>((resolve) => {
        settle = resolve;
        timer = clock.setTimeout(done, patienceMs);
      });
      gate.open('keypad');
      return typed;
    },
    press(digit) {
      if (settle === undefined) return;
      if (digit !== '#') typed += digit;
      if (digit === '#' || typed.length >= wanted) done();
      else {
        clock.clearTimeout(timer);
        timer = clock.setTimeout(done, patienceMs);
      }
    },
    close: done,
  };
}
