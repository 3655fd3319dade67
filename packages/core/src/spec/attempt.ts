// What a chain of providers tells the call about its members.
import type { VoiceError } from './error.js';

/**
 * One member of a chain took over, or failed. `isHandled`: the next member goes on and the call need not care. `hedged`: one
 * more was asked the same while another was late, and this is what came of it.
 */
export type AttemptReport =
  | { readonly type: 'used'; readonly provider: string }
  | {
      readonly type: 'failed';
      readonly provider: string;
      readonly error: VoiceError;
      readonly isHandled: boolean;
    }
  | {
      readonly type: 'hedged';
      /** Who was asked besides. */
      readonly provider: string;
      /** Whose answer it is; undefined where neither had one. */
      readonly winner?: string | undefined;
      /** What was asked once more: characters of messages and tools, as JSON. */
      readonly inputCharacters: number;
    };

/** Part of every request; chains call it, single adapters ignore it. */
export type OnAttempt = (report: AttemptReport) => void;
