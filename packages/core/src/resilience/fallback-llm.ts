// A chain of language models as one: the next member answers, or goes on with the answer that the one before began.
import { systemClock } from '../clock/system-clock.js';
import type { Clock } from '../spec/clock.js';
import type { VoiceError } from '../spec/error.js';
import type { LlmAdapter, LlmPart, LlmRequest } from '../spec/llm.js';
import {
  asVoiceError,
  chainHealthKey,
  createAttempts,
  primaryOf,
  providersOf,
  type Attempts,
} from './chain.js';
import { chainSettings, type ChainSettings, type LlmChainOptions } from './chain-options.js';
import { createPaces } from './hedge.js';
import { askMember, deliver, type Asked, type Delivered } from './llm-member.js';
import { race } from './race.js';
import { readOnce } from './read-stream.js';
import { createRoute, nobodyLeft, type Route, type Stop } from './route.js';

/**
 * Capabilities are those that every member has. What comes before the first words or tool call is held back with them, so
 * that nothing of a member that failed is seen. After words the next member goes on where they stop; after a tool call the
 * answer ends with what was delivered, so that nothing is asked for twice.
 */
export function fallbackLlm(members: readonly LlmAdapter[], options: LlmChainOptions = {}): LlmAdapter {
  const primary = primaryOf(members, 'llm');
  const shared = chainSettings(options);
  const settings: Settings = { ...shared, paceOf: createPaces(shared.health, options.hedge) };
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

interface Settings extends ChainSettings {
  /** Undefined: nothing is asked twice. */
  readonly paceOf: ReturnType<typeof createPaces>;
}

/** One request on its way through the chain. */
interface Work {
  readonly request: LlmRequest;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly route: Route<LlmAdapter>;
  readonly attempts: Attempts;
  readonly delivered: Delivered;
  hasHedged: boolean;
}

async function* answer(
  members: readonly LlmAdapter[],
  request: LlmRequest,
  settings: Settings,
): AsyncGenerator<LlmPart> {
  const { clock = systemClock, signal } = request;
  const route = createRoute(members, settings);
  const attempts = createAttempts('llm', request.onAttempt);
  const delivered: Delivered = { text: '', hasToolCall: false };
  const work: Work = { request, settings, clock, route, attempts, delivered, hasHedged: false };
  for (let stop = route.next(), next; stop !== undefined; stop = next) {
    let asked = askMember(stop, request, clock, delivered);
    try {
      asked = await firstToBegin(asked, work);
      yield* read(asked, work);
      return;
    } catch (error) {
      if (signal.aborted) throw error;
      const failure = toldHealth(asked.stop, error, route);
      next = canGoOn(request, delivered) ? route.next() : undefined;
      attempts.failed(asked.stop.member.provider, failure, delivered.hasToolCall || next !== undefined);
      if (delivered.hasToolCall) {
        yield { type: 'finish', reason: 'tool-calls' };
        return;
      }
    } finally {
      asked.end();
    }
  }
  throw attempts.failure() ?? nobodyLeft('llm', members);
}

function toldHealth(stop: Stop<LlmAdapter>, error: unknown, route: Route<LlmAdapter>): VoiceError {
  const failure = asVoiceError(error, stop.member.provider, 'llm');
  route.failed(stop, failure);
  return failure;
}

/** Half a document by one model and half by another is none; what a tool was asked for is asked once. */
function canGoOn({ responseSchema }: LlmRequest, { text, hasToolCall }: Delivered): boolean {
  return !hasToolCall && (responseSchema === undefined || text.trim() === '');
}

/**
 * The same request to one more, where the first is late: whoever begins answers, and nothing of the other is seen. It is
 * stopped at once, and health hears nothing of it.
 */
async function firstToBegin(first: Asked, work: Work): Promise<Asked> {
  const { request, settings, clock, route, attempts, delivered } = work;
  const pace = settings.paceOf?.(first.stop.member.healthKey);
  if (pace === undefined || work.hasHedged || delivered.text !== '') return first;
  let second: Asked | undefined;
  let hasFirstFailed = false;
  const { runner, hasBegun } = await race(first, {
    clock,
    afterMs: pace.ask(),
    another() {
      const stop = pace.mayHedge() ? route.spare() : undefined;
      if (stop === undefined) return undefined;
      pace.hedged();
      work.hasHedged = true;
      second = askMember(stop, request, clock, delivered);
      return second;
    },
    onFailed(failed, error) {
      hasFirstFailed ||= failed === first;
      if (!request.signal.aborted) {
        const failure = toldHealth(failed.stop, error, route);
        attempts.failed(failed.stop.member.provider, failure, true);
      }
      failed.end();
    },
    onLost(lost) {
      lost.end();
      route.unneeded(lost.stop);
    },
  });
  // How long it took, or how long it had taken when somebody else was faster: to leave those out would make it look fast.
  if (hasBegun && !hasFirstFailed) pace.took(clock.now() - first.atMs);
  if (second !== undefined) {
    const winner = hasBegun ? runner.stop.member.provider : undefined;
    const { provider } = second.stop.member;
    request.onAttempt?.({ type: 'hedged', provider, winner, inputCharacters: sizeOf(request) });
  }
  return runner;
}

/** Without what providers said for their own eyes: it goes back to one of them at most. */
function sizeOf({ messages, tools = [] }: LlmRequest): number {
  const isOurs = (key: string, value: unknown): unknown => (key === 'providerState' ? undefined : value);
  return JSON.stringify([messages, tools], isOurs).length;
}

async function* read(
  { stop, atMs, parts, begun, overlap }: Asked,
  { clock, attempts, delivered, settings }: Work,
): AsyncGenerator<LlmPart> {
  let result = await begun;
  attempts.used(stop.member.provider);
  const isSlow = clock.now() - atMs > settings.slowMs.llm;
  for (; result.done !== true; result = await parts.next()) yield* deliver(result.value, delivered, overlap);
  stop.lease.succeed({ isSlow });
}
