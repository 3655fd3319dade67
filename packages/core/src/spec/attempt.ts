// What is told the call about who was asked: by a chain about its members, by an adapter about its provider's messages.
import type { VoiceError } from './error.js';

/**
 * One member of a chain took over, or failed. `isHandled`: the next member goes on and the call need not care. `hedged`: one
 * more was asked the same while another was late, and this is what came of it. `skipped`: so many messages more, of no use, that
 * were left out; an adapter that counts them tells the first at once and the rest by and by (fault S-18).
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
    }
  | {
      readonly type: 'skipped';
      readonly provider: string;
      /** `unknown-type`: newer than the adapter. */
      readonly reason: string;
      readonly count: number;
    };

/** Part of every request. A single adapter tells nothing but what it skipped. */
export type OnAttempt = (report: AttemptReport) => void;
