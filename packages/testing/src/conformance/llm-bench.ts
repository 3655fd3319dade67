// The bench of the language-model suite: requests, and the parts of their answers.
import type { LlmAdapter, LlmCapabilities, LlmPart, LlmRequest } from '@voicewire/core/adapter';
import type { LlmDialect } from '../fakes/dialects.js';
import { startLlmFake, type LlmFake, type LlmFakeOptions } from '../fakes/llm-fake.js';
import { benchParts, type Bench, type BenchOptions } from './bench.js';
import type { Reading } from './reading.js';

export interface LlmFacts {
  readonly capabilities: LlmCapabilities;
  readonly dialect: LlmDialect;
}

export interface LlmBench extends Bench<LlmAdapter> {
  readonly dialect: LlmDialect;
  readonly fake: LlmFake;
  readonly capabilities: LlmCapabilities;
  /** Asks and begins to read. */
  ask(request?: Partial<LlmRequest>): {
    readonly controller: AbortController;
    readonly reading: Reading<LlmPart>;
  };
}

export const question = 'Where is my order to zanzibar?';

export type LlmBenchOptions = BenchOptions<LlmDialect, LlmAdapter, LlmFake, LlmFakeOptions>;

export function textOf(parts: readonly LlmPart[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

export async function openLlmBench(options: LlmBenchOptions): Promise<LlmBench> {
  const { dialect, startFake = (settings: LlmFakeOptions) => startLlmFake(dialect, settings) } = options;
  const parts = benchParts(options, await startFake({}));
  const { adapter, clock, read, track } = parts;
  const usual: Pick<LlmRequest, 'messages' | 'clock'> = {
    messages: [{ role: 'user', content: question }],
    clock,
  };

  return {
    ...parts,
    stage: 'llm',
    begin({ adapter: use = adapter, controller } = {}) {
      const tracked = track(controller);
      const { signal } = tracked;
      return { controller: tracked, signals: [signal], stream: use.generate({ ...usual, signal }) };
    },
    finish: () => undefined,
    ask(request = {}) {
      const controller = track();
      return {
        controller,
        reading: read(adapter.generate({ ...usual, signal: controller.signal, ...request })),
      };
    },
  };
}
