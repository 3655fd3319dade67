// A chain of language models as one: the next member answers, or goes on with the answer that the one before began.
import { systemClock } from '../clock/system-clock.js';
import type { LlmAdapter, LlmPart, LlmRequest } from '../spec/llm.js';
import type { Urgency } from './budgets.js';
import {
  asVoiceError,
  chainHealthKey,
  createAttempts,
  primaryOf,
  providersOf,
  type Attempts,
} from './chain.js';
import { chainSettings, type ChainOptions, type ChainSettings } from './chain-options.js';
import { continued, createOverlapFilter, type OverlapFilter } from './llm-continuation.js';
import { isContent } from './llm-content.js';
import { forProvider } from './provider-state.js';
import { readOnce } from './read-stream.js';
import { createRoute, nobodyLeft, type Stop } from './route.js';
import { sleep } from './sleep.js';

/**
 * Capabilities are those that every member has. What comes before the first words or tool call is held back with them, so
 * that nothing of a member that failed is seen. After words the next member goes on where they stop; after a tool call the
 * answer ends with what was delivered, so that nothing is asked for twice.
 */
export function fallbackLlm(members: readonly LlmAdapter[], options: ChainOptions = {}): LlmAdapter {
  const primary = primaryOf(members, 'llm');
  const settings = chainSettings(options);
  const all = (key: keyof LlmAdapter['capabilities']): boolean =>
    members.every(({ capabilities }) => capabilities[key]);
  return {
    kind: 'llm',
    specVersion: 1,
    provider: primary.provider,
    healthKey: chainHealthKey(members),
    capabilities: {
      tools: all('tools'),
      parallelTools: all('parallelTools'),
      responseSchema: all('responseSchema'),
      prefill: all('prefill'),
    },
    members: providersOf(members),
    generate: (request) => ({ [Symbol.asyncIterator]: readOnce(() => answer(members, request, settings)) }),
  };
}

/** What the reader has been given, whoever made it. */
interface Delivered {
  text: string;
  hasToolCall: boolean;
}

async function* answer(
  members: readonly LlmAdapter[],
  request: LlmRequest,
  settings: ChainSettings,
): AsyncGenerator<LlmPart> {
  const { clock = systemClock, signal } = request;
  const route = createRoute(members, settings);
  const attempts = createAttempts('llm', request.onAttempt);
  const delivered: Delivered = { text: '', hasToolCall: false };
  for (let stop = route.next(), next; stop !== undefined; stop = next) {
    const { member, lease, afterMs } = stop;
    try {
      if (afterMs > 0) await sleep(clock, afterMs, signal);
      yield* ask(stop, request, delivered, attempts, settings);
      return;
    } catch (error) {
      if (signal.aborted) throw error;
      const failure = asVoiceError(error, member.provider, 'llm');
      route.failed(stop, failure);
      next = canGoOn(request, delivered) ? route.next() : undefined;
      attempts.failed(member.provider, failure, delivered.hasToolCall || next !== undefined);
      if (delivered.hasToolCall) {
        yield { type: 'finish', reason: 'tool-calls' };
        return;
      }
    } finally {
      lease.release();
    }
  }
  throw attempts.failure() ?? nobodyLeft('llm', members);
}

/** Half a document by one model and half by another is none; what a tool was asked for is asked once. */
function canGoOn({ responseSchema }: LlmRequest, { text, hasToolCall }: Delivered): boolean {
  return !hasToolCall && (responseSchema === undefined || text.trim() === '');
}

async function* ask(
  { member, lease, isLastResort }: Stop<LlmAdapter>,
  request: LlmRequest,
  delivered: Delivered,
  attempts: Attempts,
  { slowMs }: ChainSettings,
): AsyncGenerator<LlmPart> {
  const { clock = systemClock } = request;
  const askedAtMs = clock.now();
  const isContinuing = delivered.text.trim() !== '';
  const messages = isContinuing
    ? continued(request.messages, delivered.text, member.capabilities.prefill)
    : request.messages;
  const overlap = isContinuing ? createOverlapFilter(delivered.text) : undefined;
  const held: LlmPart[] = [];
  let isSlow = false;
  let hasResult = false;
  const asked: LlmRequest & Urgency = {
    ...request,
    messages: forProvider(messages, member.healthKey),
    isLastResort,
  };
  for await (const came of member.generate(asked)) {
    if (!hasResult) {
      held.push(came);
      if (!isContent(came)) continue;
      hasResult = true;
      isSlow = clock.now() - askedAtMs > slowMs.llm;
      attempts.used(member.provider);
    }
    const parts = held.length > 0 ? held.splice(0) : [came];
    for (const part of parts) yield* deliver(part, delivered, overlap);
  }
  if (!hasResult) attempts.used(member.provider);
  // A refusal, say: an end without content that is one.
  for (const part of held) yield* deliver(part, delivered, overlap);
  lease.succeed({ isSlow });
}

function* deliver(
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
