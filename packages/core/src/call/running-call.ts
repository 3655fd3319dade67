// A call under way, as its parts share it.
import type { CallEndReason } from '../spec/call-event.js';
import type { TimerHandle } from '../spec/clock.js';
import type { AgentSeat } from './agent-seat.js';
import type { Session } from './call-session.js';
import type { AudioTap, CallMedia, CallResult, RunCallOptions } from './call.js';
import type { KeypadInput } from './keypad-input.js';
import type { Ears } from './listen.js';
import type { Player } from './player.js';
import type { Voice } from './speak.js';

export interface RunningCall {
  readonly options: RunCallOptions;
  readonly session: Session;
  readonly media: CallMedia;
  readonly ears: Map<string, Ears>;
  readonly taps: Set<AudioTap>;
  readonly keypad: KeypadInput;
  player: Player | undefined;
  voice: Voice | undefined;
  seat: AgentSeat | undefined;
  /** Undefined as long as this connection has carried no frame. */
  lastAudioAt: number | undefined;
  readonly timers: Set<TimerHandle>;
  /** Settles when the carrier has answered the last command to transfer. */
  transferring: Promise<void> | undefined;
  ended: CallEndReason | undefined;
  settle: (result: CallResult) => void;
}

/** What is not ours may throw where it promised not to; it is its owner's problem. */
export function guard(callback: () => void): void {
  try {
    callback();
  } catch {
    // Nothing of the call is lost: taps only look, and what is being closed is not needed any more.
  }
}
