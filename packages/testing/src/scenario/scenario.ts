// The format of scenario files: what a caller does, what is expected of the agent, what goes wrong meanwhile.
import type { CallEndReason } from '@voicewire/core';
import { parseOptions } from '@voicewire/core/adapter';
import * as z from 'zod';
import { patternProblem } from './text-pattern.js';

/** `words as they are said`, or `/a regular expression/`. */
const text = z
  .string()
  .min(1)
  .superRefine((written, context) => {
    const problem = patternProblem(written);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

/** One may stand for a list of one. */
function listOf<Item extends z.ZodType>(item: Item) {
  return z.union([item, z.array(item).min(1)]).transform((value): z.output<Item>[] => {
    return Array.isArray(value) ? value : [value];
  });
}

const calledTool = z
  .union([
    z.string().min(1),
    z.strictObject({ name: z.string().min(1), arguments: z.record(z.string(), z.unknown()).optional() }),
  ])
  .transform((tool) => (typeof tool === 'string' ? { name: tool, arguments: undefined } : tool));

const answerFields = {
  says: listOf(text).optional(),
  within_ms: z.number().min(0).optional(),
  calls_tool: listOf(calledTool).optional(),
  absent: listOf(z.union([text, z.strictObject({ tool: z.string().min(1) })])).optional(),
};

const answer = z.strictObject(answerFields);

/** What a chain of any stage may be told. */
function byStage<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ stt: item.optional(), llm: item.optional(), tts: item.optional() });
}

const names = listOf(z.string().min(1));

const endReasons = [
  'caller-hung-up',
  'agent-hung-up',
  'transferred',
  'caller-silent',
  'media-lost',
  'limit',
  'providers-failed',
  'aborted',
  'error',
] as const satisfies readonly CallEndReason[];

const wholeCall = z.strictObject({
  ...answerFields,
  ends: z.enum(endReasons).optional(),
  words: z.literal('intact').optional(),
  provider_used: byStage(names).optional(),
});

const bargeIn = z.strictObject({
  say: z.string().min(1),
  after_ms: z.number().min(0).optional(),
  after_words: z.int().min(1).optional(),
});

const doings = {
  say: z.string().min(1).optional(),
  wav: z.string().min(1).optional(),
  press: z
    .string()
    .regex(/^[0-9*#]+$/, 'keys are digits, "*" and "#"')
    .optional(),
  wait_ms: z.number().min(0).optional(),
  silence_ms: z.number().min(0).optional(),
  barge_in: bargeIn.optional(),
  wait_for: z.enum(['agent', 'end']).optional(),
  expect: answer.optional(),
  hang_up: z.literal(true).optional(),
};

/** Adds a problem unless exactly one of `keys` is written. */
function oneOf(keys: readonly string[], what: string) {
  return (written: object, context: z.core.$RefinementCtx): void => {
    const count = keys.filter((key) => Reflect.get(written, key) !== undefined).length;
    if (count !== 1) context.addIssue({ code: 'custom', message: `${what} ${keys.join(', ')}` });
  };
}

const moments = { at_word: z.int().min(1).optional(), after_ms: z.number().min(0).optional() };
const oneMoment = oneOf(Object.keys(moments), 'its moment is one of');

const faultKinds = {
  dies: z
    .strictObject({ ...moments, code: z.int().min(1000).max(4999).optional() })
    .superRefine(oneMoment)
    .optional(),
  mutes: z.strictObject(moments).superRefine(oneMoment).optional(),
  refuses: z
    .strictObject({
      status: z.int().min(400).max(599).optional(),
      retry_after_ms: z.number().min(0).optional(),
    })
    .optional(),
  hangs: z.literal(true).optional(),
  slow_by_ms: z.number().min(1).optional(),
};

const step = z.strictObject(doings).superRefine(oneOf(Object.keys(doings), 'a step does one of'));

const fault = z
  .strictObject({ provider: z.string().min(1).optional(), times: z.int().min(1).optional(), ...faultKinds })
  .superRefine(oneOf(Object.keys(faultKinds), 'a fault is one of'));

const rule = z
  .strictObject({
    hears: text.optional(),
    result_of: z.string().min(1).optional(),
    says: z.string().min(1).optional(),
    calls_tool: calledTool.optional(),
  })
  .refine((written) => written.says !== undefined || written.calls_tool !== undefined, {
    message: 'a rule says something, or calls a tool',
  });

const scenarioSchema = z.strictObject({
  name: z.string().min(1).optional(),
  time: z.enum(['virtual', 'real']).optional(),
  lines: z.enum(['typed', 'sound']).optional(),
  max_call_s: z.number().positive().default(300),
  providers: byStage(names).optional(),
  model: z.array(rule).min(1).optional(),
  tools: z.record(z.string(), z.unknown()).default({}),
  transfers: z.record(z.string(), z.strictObject({ to: z.string(), description: z.string() })).optional(),
  context: z.record(z.string(), z.unknown()).default({}),
  approves: z.boolean().default(false),
  faults: byStage(listOf(fault)).default({}),
  script: z.array(step).min(1),
  expect: wholeCall.default({}),
});

/** A checked scenario, as `parseScenario` gives it. */
export type Scenario = z.output<typeof scenarioSchema>;
export type ScenarioStep = Scenario['script'][number];
export type ScenarioFault = z.output<typeof fault>;
export type ScenarioRule = z.output<typeof rule>;
export type ScenarioStage = 'stt' | 'llm' | 'tts';
export type AnswerExpectations = z.output<typeof answer>;

/** Checks what a scenario file holds. Throws one ConfigError with every problem and its path. */
export function parseScenario(written: unknown): Scenario {
  return parseOptions('scenario', scenarioSchema, withWholeSteps(written));
}

/** A step that has nothing to say may be a word: `- hang_up`. */
function withWholeSteps(written: unknown): unknown {
  if (typeof written !== 'object' || written === null || !('script' in written)) return written;
  const { script } = written;
  if (!Array.isArray(script)) return written;
  return { ...written, script: script.map((one: unknown) => (one === 'hang_up' ? { hang_up: true } : one)) };
}
