// What chains of every stage are told: whose health they go by, and when they give up.
import { createHealth, type Health } from './health.js';
import type { HedgeSettings } from './hedge.js';
import type { RouteOptions } from './route.js';

export interface ChainOptions {
  /** Shared by all calls of a process. Default: the chain's own, so that it knows at least what it saw itself. */
  readonly health?: Health | undefined;
  /**
   * When every member has failed, the least bad is tried once more after this long; `false`: it is not. Default 800 ms,
   * which outlives a restart or a lost connection and is less than what a caller takes for a dead line.
   */
  readonly lastTryAfterMs?: number | false | undefined;
  /**
   * Results that begin later count as slow: text to first audio, question to first words. A provider that is mostly slow
   * is left for a while. Default 1 s.
   */
  readonly slowMs?: { readonly tts?: number | undefined; readonly llm?: number | undefined } | undefined;
}

export interface LlmChainOptions extends ChainOptions {
  /**
   * Whether the next model is asked the same question besides, when nothing has come of the first for longer than usual; the
   * first to begin answers. It costs questions that nobody needed, up to a `share` of all. Default: off.
   */
  readonly hedge?: HedgeSettings['llm'];
}

export interface ChainSettings extends RouteOptions {
  readonly slowMs: { readonly tts: number; readonly llm: number };
}

export function chainSettings({ health, lastTryAfterMs, slowMs = {} }: ChainOptions): ChainSettings {
  return {
    health: health ?? createHealth(),
    lastTryAfterMs: lastTryAfterMs ?? 800,
    slowMs: { tts: slowMs.tts ?? 1_000, llm: slowMs.llm ?? 1_000 },
  };
}
