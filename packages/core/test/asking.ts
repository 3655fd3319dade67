// For tests: questions to a chain of language models in virtual time, of which nothing may be left, whoever was asked.
import { getEventListeners } from 'node:events';
import {
  createScriptedLlm,
  createVirtualClock,
  type ScriptedFault,
  type ScriptedLlm,
  type ScriptedLlmOptions,
  type VirtualClock,
} from '@voicewire/testing';
import { expect } from 'vitest';
import { ProviderError } from '../src/errors/provider-error.js';
import { createHealth, isLease, type Health } from '../src/resilience/health.js';
import type { HedgeSettings } from '../src/resilience/hedge.js';
import { llmChain } from '../src/resilience/provider-chains.js';
import type { AttemptReport } from '../src/spec/attempt.js';
import type { LlmAdapter, LlmMessage, LlmPart } from '../src/spec/llm.js';
import { collect } from './collect.js';

export const question: readonly LlmMessage[] = [{ role: 'user', content: 'where is my order' }];
export const tools = [{ name: 'look_up', description: 'Looks up.', parameters: { type: 'object' } }];

export const dies: ScriptedFault = { type: 'fail' };
export const hangs: ScriptedFault = { type: 'hang' };

export interface Answer {
  readonly parts: readonly LlmPart[];
  /** All texts. */
  readonly said: string;
  readonly error: unknown;
  /** From the question to its first part. */
  readonly firstMs: number | undefined;
  readonly reports: readonly AttemptReport[];
}

export interface Asking {
  readonly clock: VirtualClock;
  readonly health: Health;
  /** Of the caller; a new one once it was aborted. */
  controller: AbortController;
  chain(members: readonly LlmAdapter[], hedge?: HedgeSettings['llm']): LlmAdapter;
  /** `members`: who is to be left as if never asked. */
  ask(chain: LlmAdapter, members?: readonly ScriptedLlm[], messages?: readonly LlmMessage[]): Promise<Answer>;
  /** Three failures in a row: nobody asks it for a second. */
  breakDown(member: LlmAdapter): void;
  outcomes(member: LlmAdapter): { readonly done: number; readonly failed: number };
}

/** A model that says who it is, after `firstMs`. */
export function model(
  provider: string,
  { firstMs = 0, ...options }: Partial<ScriptedLlmOptions> & { readonly firstMs?: number } = {},
): ScriptedLlm {
  const responses = (): string => `the answer of ${provider}`;
  return createScriptedLlm({ provider, responses, delays: { firstMs }, ...options });
}

export function createAsking(): Asking {
  const clock = createVirtualClock();
  const health = createHealth({ clock, random: () => 0.5 });

  function expectNothingLeft({ signal }: AbortController, members: readonly ScriptedLlm[]): void {
    expect(clock.pendingTimers).toBe(0);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    for (const member of members) {
      expect(health.of(member).inFlight).toBe(0);
      for (const request of member.requests) {
        expect(request.signal.aborted).toBe(true);
        expect(getEventListeners(request.signal, 'abort')).toHaveLength(0);
      }
    }
  }

  const asking: Asking = {
    clock,
    health,
    controller: new AbortController(),
    chain: (members, hedge = true) => llmChain(members, { health, hedge }),
    async ask(chain, members = [], messages = question) {
      const { controller } = asking;
      const askedMs = clock.now();
      const reports: AttemptReport[] = [];
      let firstMs: number | undefined;
      async function* timed(): AsyncGenerator<LlmPart> {
        const onAttempt = (report: AttemptReport): void => void reports.push(report);
        const { signal } = controller;
        for await (const part of chain.generate({ messages, tools, clock, signal, onAttempt })) {
          firstMs ??= clock.now() - askedMs;
          yield part;
        }
      }
      const { events: parts, ended } = collect(timed());
      let isOver = false;
      void ended.then(() => (isOver = true));
      await clock.run({ until: () => isOver });
      const error = await ended;
      expectNothingLeft(controller, members);
      const said = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
      return { parts, said, error, firstMs, reports };
    },
    breakDown(member) {
      const { provider } = member;
      for (let count = 0; count < 3; count += 1) {
        const lease = health.acquire(member);
        if (!isLease(lease)) return;
        lease.fail(
          new ProviderError({ class: 'unavailable', provider, stage: 'llm', message: 'It was down.' }),
        );
      }
    },
    outcomes(member) {
      const { done, failed } = health.of(member).recent;
      return { done, failed };
    },
  };
  return asking;
}
