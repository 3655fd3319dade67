// The bench of the language-model suite: requests, and the parts of their answers.
import type { LlmAdapter, LlmCapabilities, LlmPart, LlmRequest } from '@voicewire/core/adapter';
import type { LlmDialect } from '../fakes/dialects.js';
import { startLlmFake, type LlmFake, type LlmFakeOptions } from '../fakes/llm-fake.js';
import { inTime } from '../fakes/waiting.js';
import type { Bench, Begun, Target } from './bench.js';
import { readStream, type Reading } from './reading.js';
import { createCountingClock } from './watch.js';

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

export interface LlmBenchOptions {
  readonly dialect: LlmDialect;
  readonly deadlineMs: number;
  createAdapter(target: Target): LlmAdapter;
  readonly startFake?: ((options: LlmFakeOptions) => Promise<LlmFake>) | undefined;
}

export function textOf(parts: readonly LlmPart[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

export async function openLlmBench(options: LlmBenchOptions): Promise<LlmBench> {
  const {
    dialect,
    deadlineMs,
    createAdapter,
    startFake = (settings) => startLlmFake(dialect, settings),
  } = options;
  const fake = await startFake({});
  const target: Target = { url: fake.url, wsUrl: fake.wsUrl, apiKey: fake.apiKey };
  const adapter = createAdapter(target);
  const clock = createCountingClock();
  const controllers: AbortController[] = [];

  function generate(
    use: LlmAdapter,
    request: Partial<LlmRequest>,
    controller: AbortController,
  ): AsyncIterable<LlmPart> {
    controllers.push(controller);
    return use.generate({
      messages: [{ role: 'user', content: question }],
      clock,
      signal: controller.signal,
      ...request,
    });
  }

  return {
    stage: 'llm',
    deadlineMs,
    dialect,
    fake,
    target,
    clock,
    adapter,
    capabilities: adapter.capabilities,
    createAdapter,
    read: (stream) => readStream(stream, deadlineMs),
    wait: (promise, what) => inTime(promise, { what, timeoutMs: deadlineMs }),
    begin({ adapter: use = adapter, controller = new AbortController() } = {}): Begun {
      return { controller, signals: [controller.signal], stream: generate(use, {}, controller) };
    },
    finish: () => undefined,
    ask(request = {}) {
      const controller = new AbortController();
      return { controller, reading: readStream(generate(adapter, request, controller), deadlineMs) };
    },
    async close() {
      for (const controller of controllers) controller.abort(new Error('The check is over.'));
      await fake.close();
    },
  };
}
