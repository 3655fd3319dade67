// A language model without a model: plays scripted responses, on any clock, with no I/O.
import {
  checkLlmRequest,
  createLazyStream,
  systemClock,
  type LlmAdapter,
  type LlmCapabilities,
  type LlmPart,
  type LlmRequest,
} from '@voicewire/core/adapter';
import type { LlmResponse } from '../fakes/llm-fake.js';
import { TestingError } from '../testing-error.js';
import { faultAt, type ScriptedFaults } from './scripted-fault.js';
import { createTimedOutput, type TimedOutput } from './timed-output.js';

/** A text is a response of one part. */
export type ScriptedLlmStep = string | LlmResponse;

export interface ScriptedLlmOptions {
  /** Responses in order: a request beyond them is refused with `testing.unscripted`. Or one made for each request. */
  readonly responses: readonly ScriptedLlmStep[] | ((request: LlmRequest, index: number) => ScriptedLlmStep);
  readonly provider?: string | undefined;
  readonly capabilities?: Partial<LlmCapabilities> | undefined;
  /** `firstMs` before the first part, `partMs` before each further one. Default 0. */
  readonly delays?:
    { readonly firstMs?: number | undefined; readonly partMs?: number | undefined } | undefined;
  /** False, for calls of hours: what it was asked is not kept. Default true. */
  readonly record?: boolean | undefined;
  /** By request. */
  readonly faults?: ScriptedFaults | undefined;
}

export interface ScriptedLlm extends LlmAdapter {
  /** In the order they were read. */
  readonly requests: readonly LlmRequest[];
  /** Throws `testing.unused_steps` when a response of the script was not asked for. */
  assertAllUsed(): void;
}

/** A model that can do everything. */
export const scriptedLlmCapabilities: LlmCapabilities = {
  tools: true,
  parallelTools: true,
  responseSchema: true,
  prefill: true,
};

/** A response that calls one tool. */
export function callTool(name: string, args: object, id = `call-${name}`): LlmResponse {
  return { parts: [{ type: 'tool-calls', calls: [{ id, name, argumentsText: JSON.stringify(args) }] }] };
}

function partsOf(step: ScriptedLlmStep): readonly LlmPart[] {
  const response: LlmResponse = typeof step === 'string' ? { parts: [{ type: 'text', text: step }] } : step;
  const parts = response.parts.flatMap((part): LlmPart[] =>
    part.type === 'text' ? [part] : part.calls.map((call) => ({ type: 'tool-call', ...call })),
  );
  const hasCalls = parts.some(({ type }) => type === 'tool-call');
  const usage = response.usage ?? { inputTokens: 10, outputTokens: parts.length };
  return [
    ...parts,
    { type: 'usage', ...usage },
    { type: 'finish', reason: response.finish ?? (hasCalls ? 'tool-calls' : 'stop') },
  ];
}

/**
 * Makes a language model that answers by script, at once unless `delays` say otherwise. Nothing happens before the first
 * `next()`. `requests` records what it was asked.
 */
export function createScriptedLlm(options: ScriptedLlmOptions): ScriptedLlm {
  const { provider = 'scripted', responses, delays = {} } = options;
  const capabilities: LlmCapabilities = { ...scriptedLlmCapabilities, ...options.capabilities };
  const requests: LlmRequest[] = [];
  let count = 0;

  function stepFor(request: LlmRequest, index: number): ScriptedLlmStep {
    const step = typeof responses === 'function' ? responses(request, index) : responses[index];
    if (step !== undefined) return step;
    throw new TestingError(
      'testing.unscripted',
      `The script of ${provider} has ${responses.length} response(s), and one more was asked for.`,
    );
  }

  function begin(request: LlmRequest): AsyncIterable<LlmPart> {
    const index = count;
    count += 1;
    if (options.record !== false) requests.push(request);
    const output: TimedOutput<LlmPart> = createTimedOutput<LlmPart>({
      source: { provider, stage: 'llm' },
      clock: request.clock ?? systemClock,
      signal: request.signal,
      fault: faultAt(options.faults, index),
    });
    const { firstMs = 0, partMs = 0 } = delays;
    for (const [place, part] of partsOf(stepFor(request, index)).entries()) {
      output.push(part, { delayMs: firstMs + place * partMs });
    }
    output.finish();
    return output;
  }

  return {
    kind: 'llm',
    specVersion: 1,
    provider,
    healthKey: `${provider}@script`,
    capabilities,
    requests,
    generate(request) {
      checkLlmRequest(provider, capabilities, request);
      return createLazyStream(request.signal, () => begin(request));
    },
    assertAllUsed() {
      if (typeof responses === 'function' || count >= responses.length) return;
      const unused = responses.length - count;
      throw new TestingError(
        'testing.unused_steps',
        `${unused} of ${responses.length} scripted responses were never asked for.`,
      );
    },
  };
}
