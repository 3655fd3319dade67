// One member of a chain of language models at work on one request: from its first content on, and stopped whenever nobody needs it.
import type { Clock } from '../spec/clock.js';
import type { LlmAdapter, LlmPart, LlmRequest } from '../spec/llm.js';
import { createAttempt } from './attempt.js';
import type { Urgency } from './budgets.js';
import { continued, createOverlapFilter, type OverlapFilter } from './llm-continuation.js';
import { isContent } from './llm-content.js';
import { forProvider } from './provider-state.js';
import type { Stop } from './route.js';
import { sleep } from './sleep.js';

/** What the reader has been given, whoever made it. */
export interface Delivered {
  text: string;
  hasToolCall: boolean;
}

/** A member at work. */
export interface Asked {
  readonly stop: Stop<LlmAdapter>;
  /** When it was asked. */
  readonly atMs: number;
  /** From the first content on; what came before it comes with it. */
  readonly parts: AsyncGenerator<LlmPart, void>;
  /** Its first. */
  readonly begun: Promise<IteratorResult<LlmPart, void>>;
  readonly overlap: OverlapFilter | undefined;
  /** Stops it, and gives its place back if that has not happened yet. */
  end(): void;
}

/** The request itself, or where something was delivered already, what is missing after that. */
export function askMember(
  stop: Stop<LlmAdapter>,
  request: LlmRequest,
  clock: Clock,
  delivered: Delivered,
): Asked {
  const { member, lease, afterMs, isLastResort } = stop;
  const isContinuing = delivered.text.trim() !== '';
  const messages = isContinuing
    ? continued(request.messages, delivered.text, member.capabilities.prefill)
    : request.messages;
  const attempt = createAttempt(request.signal);
  const parts = fromContentOn(member, afterMs, clock, {
    ...request,
    messages: forProvider(messages, member.healthKey),
    signal: attempt.signal,
    isLastResort,
  });
  return {
    stop,
    atMs: clock.now() + afterMs,
    parts,
    begun: parts.next(),
    overlap: isContinuing ? createOverlapFilter(delivered.text) : undefined,
    end() {
      attempt.end();
      lease.release();
      // Not awaited: it was told to stop, and has nothing more to tell.
      parts.return().then(undefined, () => undefined);
    },
  };
}

async function* fromContentOn(
  member: LlmAdapter,
  afterMs: number,
  clock: Clock,
  request: LlmRequest & Urgency,
): AsyncGenerator<LlmPart, void> {
  if (afterMs > 0) await sleep(clock, afterMs, request.signal);
  const held: LlmPart[] = [];
  let hasContent = false;
  for await (const part of member.generate(request)) {
    held.push(part);
    hasContent ||= isContent(part);
    if (hasContent) yield* held.splice(0);
  }
  // A refusal, say: an end without content that is one.
  yield* held;
}

/** A part as the reader gets it: without words that were delivered before. */
export function* deliver(
  part: LlmPart,
  delivered: Delivered,
  overlap: OverlapFilter | undefined,
): Generator<LlmPart> {
  const said = part.type === 'text' ? (overlap?.push(part.text) ?? part.text) : (overlap?.flush() ?? '');
  delivered.text += said;
  if (said !== '') yield { type: 'text', text: said };
  if (part.type === 'text') return;
  delivered.hasToolCall ||= part.type === 'tool-call';
  yield part;
}
