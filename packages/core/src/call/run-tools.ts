// Running what a model asked for: checked, approved, bounded in time and size, at most once.
import { createHash } from 'node:crypto';
import type { Clock } from '../spec/clock.js';
import type { LlmToolCall } from '../spec/llm.js';
import type { CallContext } from './agent.js';
import type { CallEvent, CallEventBody } from '../spec/call-event.js';
import type { HookWatch } from './hook-watch.js';
import { validate } from './json-schema.js';
import { maskCards } from './mask-gate.js';
import type { Approve, Tool } from './tool.js';

export interface ToolResult {
  readonly ok: boolean;
  /** What the model is told. */
  readonly text: string;
}

export interface ToolRunnerOptions {
  readonly callId: string;
  readonly context: CallContext;
  readonly clock: Clock;
  /** The call's: it outlives a reply, so that a finished result always enters the history. */
  readonly signal: AbortSignal;
  readonly approve?: Approve | undefined;
  readonly hook: HookWatch;
  readonly dispatch: (body: CallEventBody) => void;
  /** What was collected so far. */
  readonly slots: () => Readonly<Record<string, unknown>>;
  /** What ran before a resumption. */
  readonly resume?: readonly CallEvent[] | undefined;
}

export interface ToolTurn {
  readonly turnId: number;
  readonly utterance: number;
  readonly textOffset: number;
}

export interface ToolRunner {
  run(tool: Tool, call: LlmToolCall, turn: ToolTurn): Promise<ToolResult>;
  /** For the tools of the call itself, which need no schema: logged in the same way. */
  note(call: LlmToolCall, turn: ToolTurn, result: ToolResult): ToolResult;
  /** Settles when every tool that was begun is over: at once after the call's signal fired. */
  settled(): Promise<void>;
}

const defaultDeadlineMs = 10_000;
const maxArgumentCharacters = 64 * 1024;
const maxArgumentDepth = 64;
const maxResultCharacters = 16_000;

/** What a resumed call knows of a tool that was begun and never came back. */
const begun: ToolResult = {
  ok: false,
  text: 'It was begun before the line was lost. Whether it was done is not known: do not promise anything and do not ask for it again.',
};

export function createToolRunner(options: ToolRunnerOptions): ToolRunner {
  const { dispatch, clock, callId } = options;
  const done = new Map<string, Promise<ToolResult>>();
  const interrupted = new Set<string>();
  for (const { key, result } of earlierRuns(options.resume ?? [])) {
    if (result === undefined) interrupted.add(key);
    else done.set(key, Promise.resolve(result));
  }
  const running = new Set<Promise<ToolResult>>();

  function started({ id, name, argumentsText, providerState }: LlmToolCall, turn: ToolTurn): string {
    const idempotencyKey = keyOf(callId, turn.utterance, name, argumentsText);
    const { turnId, textOffset } = turn;
    dispatch({
      type: 'tool-started',
      turnId,
      id,
      name,
      argumentsText,
      idempotencyKey,
      textOffset,
      providerState,
    });
    return idempotencyKey;
  }

  function finished(
    { id, name }: LlmToolCall,
    { turnId }: ToolTurn,
    whole: ToolResult,
    ms: number,
  ): ToolResult {
    const result = presentable(whole);
    const { ok, text } = result;
    dispatch({ type: 'tool-finished', turnId, id, name, ok, result: text, durationMs: ms });
    return result;
  }

  function once(tool: Tool, call: LlmToolCall, key: string): Promise<ToolResult> {
    // Looking something up again harms nobody.
    if (interrupted.has(key) && tool.risk !== 'read') return Promise.resolve(begun);
    return done.get(key) ?? runOnce(tool, call, key, options);
  }

  return {
    run(tool, call, turn) {
      const startedAt = clock.now();
      const key = started(call, turn);
      const run = once(tool, call, key);
      done.set(key, run);
      const result = run.then((whole) => finished(call, turn, whole, clock.now() - startedAt));
      running.add(result);
      void result.then(() => running.delete(result));
      return result;
    },
    note(call, turn, result) {
      started(call, turn);
      return finished(call, turn, result, 0);
    },
    settled: () => Promise.all(running).then(() => undefined),
  };
}

/** The same request in the same turn has the same key, in whatever order its arguments are written. */
function keyOf(callId: string, utterance: number, name: string, argumentsText: string): string {
  const parsed = parseArguments(argumentsText);
  const canonical = parsed.ok ? canonicalJson(parsed.value) : argumentsText;
  return createHash('sha256')
    .update(`${callId}\n${utterance}\n${name}\n${canonical}`)
    .digest('base64url')
    .slice(0, 27);
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

type Parsed =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

function parseArguments(text: string): Parsed {
  if (text.length > maxArgumentCharacters)
    return { ok: false, problem: `the arguments are ${text.length} characters long` };
  if (depthOf(text) > maxArgumentDepth) return { ok: false, problem: 'the arguments are nested too deep' };
  try {
    return { ok: true, value: text.trim() === '' ? {} : (JSON.parse(text) as unknown) };
  } catch {
    return { ok: false, problem: 'the arguments are cut or are not JSON' };
  }
}

/** An upper bound: brackets inside strings count too. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function failure(text: string): ToolResult {
  return { ok: false, text };
}

/** Never rejects: whatever a tool, its schema or its approval does, the model is told. */
async function runOnce(
  tool: Tool,
  call: LlmToolCall,
  key: string,
  options: ToolRunnerOptions,
): Promise<ToolResult> {
  const parsed = parseArguments(call.argumentsText);
  // Never repaired: `{"amount": 1000` may have been 10000.
  if (!parsed.ok) return failure(`Not run: ${parsed.problem}. Ask again with complete JSON.`);
  return withDeadline(options, tool.deadlineMs ?? defaultDeadlineMs, async (signal) => {
    const { callId, context } = options;
    const input = await validate(tool.input, parsed.value);
    if (!input.ok) return failure(`Not run: ${input.problem}.`);
    if (tool.risk === 'money' || tool.risk === 'irreversible') {
      const request = { callId, context, tool: tool.name, risk: tool.risk, input: input.value, signal };
      const { approve } = options;
      if ((await options.hook('The approval of tools', () => approve?.(request))) !== true)
        return failure('Not run: it was not approved. Offer a person instead.');
    }
    // The deadline or the call's end may have come while somebody thought about it.
    if (signal.aborted) return failure('Not run.');
    const slots = options.slots();
    const run = { callId, context, slots, idempotencyKey: key, signal };
    const running = options.hook(`The tool "${tool.name}"`, () => tool.run(input.value as never, run));
    return { ok: true, text: describe(await running) };
  });
}

function describe(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? 'done';
  } catch {
    return 'It was done; what it returned can not be written as JSON.';
  }
}

/** Settles at the deadline whatever the work does; the work's signal fires then, and when the call ends. */
function withDeadline(
  { clock, signal }: ToolRunnerOptions,
  deadlineMs: number,
  work: (signal: AbortSignal) => Promise<ToolResult>,
): Promise<ToolResult> {
  return new Promise((resolve) => {
    const controller = new AbortController();
    const settle = (result: ToolResult): void => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(result);
    };
    const onAbort = (): void => {
      controller.abort(signal.reason);
      settle(failure('Stopped: the call ended. Whether it was done is not known.'));
    };
    const timer = clock.setTimeout(() => {
      controller.abort();
      settle(failure(`No result within ${deadlineMs} ms. It may still happen: do not promise anything.`));
    }, deadlineMs);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    // What a tool throws may hold anything: the model is told that it failed, not why.
    else
      work(controller.signal).then(settle, () => {
        settle(failure('It failed.'));
      });
  });
}

/** Bounded, and without card numbers: the model is a sink like any other. */
function presentable({ ok, text }: ToolResult): ToolResult {
  if (text.length <= maxResultCharacters) return { ok, text: maskCards(text) };
  const note = ` … [cut: the result has ${text.length} characters]`;
  // A number that is cut in two is no longer seen as one.
  const masked = maskCards(text.slice(0, maxResultCharacters + 64));
  return { ok, text: masked.slice(0, maxResultCharacters) + note };
}

/** What ran before, by key; `result` is undefined where a tool was begun and never came back. */
function* earlierRuns(
  events: readonly CallEvent[],
): Generator<{ readonly key: string; readonly result: ToolResult | undefined }> {
  const open = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'tool-started') open.set(`${event.turnId}:${event.id}`, event.idempotencyKey);
    if (event.type !== 'tool-finished') continue;
    const id = `${event.turnId}:${event.id}`;
    const key = open.get(id);
    open.delete(id);
    if (key !== undefined) yield { key, result: { ok: event.ok, text: event.result } };
  }
  for (const key of open.values()) yield { key, result: undefined };
}
