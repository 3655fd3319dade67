// What a chain of providers tells the call about its members.
import type { VoiceError } from './error.js';

/** One member of a chain took over, or failed. `isHandled`: the next member goes on and the call need not care. */
export type AttemptReport =
  | { readonly type: 'used'; readonly provider: string }
  | {
      readonly type: 'failed';
      readonly provider: string;
      readonly error: VoiceError;
      readonly isHandled: boolean;
    };

/** Part of every request; chains call it, single adapters ignore it. */
export type OnAttempt = (report: AttemptReport) => void;
