// From what an application names to what a call runs on: chains in order, every member held to its budgets.
import type { LlmAdapter } from '../spec/llm.js';
import type { SttAdapter } from '../spec/stt.js';
import type { TtsAdapter } from '../spec/tts.js';
import type { ChainOptions, LlmChainOptions } from './chain-options.js';
import { defaultBudgets, type Budgets } from './budgets.js';
import { fallbackLlm } from './fallback-llm.js';
import { fallbackStt } from './fallback-stt.js';
import { fallbackTts } from './fallback-tts.js';
import { limitLlm } from './limit-llm.js';
import { limitStt } from './limit-stt.js';
import { limitTts } from './limit-tts.js';

/** One adapter, or several in order of preference. */
export type Chain<Adapter> = Adapter | readonly Adapter[];

/** Only what differs from the defaults. */
export interface CallChainOptions<Stage extends keyof Budgets> extends ChainOptions {
  readonly budgets?: Partial<Budgets[Stage]> | undefined;
}

/** Only what differs from the defaults. */
export type BudgetOptions = { readonly [Stage in keyof Budgets]?: Partial<Budgets[Stage]> };

export function membersOf<Adapter>(chain: Chain<Adapter>): readonly Adapter[] {
  return Array.isArray(chain) ? (chain as readonly Adapter[]) : [chain as Adapter];
}

export function sttChain(chain: Chain<SttAdapter>, options: CallChainOptions<'stt'> = {}): SttAdapter {
  const limits = { ...defaultBudgets.stt, ...options.budgets };
  return fallbackStt(
    membersOf(chain).map((member) => limitStt(member, limits)),
    options,
  );
}

export function ttsChain(chain: Chain<TtsAdapter>, options: CallChainOptions<'tts'> = {}): TtsAdapter {
  const limits = { ...defaultBudgets.tts, ...options.budgets };
  return fallbackTts(
    membersOf(chain).map((member) => limitTts(member, limits)),
    options,
  );
}

export function llmChain(
  chain: Chain<LlmAdapter>,
  options: CallChainOptions<'llm'> & LlmChainOptions = {},
): LlmAdapter {
  const limits = { ...defaultBudgets.llm, ...options.budgets };
  return fallbackLlm(
    membersOf(chain).map((member) => limitLlm(member, limits)),
    options,
  );
}
