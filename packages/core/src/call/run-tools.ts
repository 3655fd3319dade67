// Running what a model asked for: checked, approved, bounded in time and size, at most once.
import { createHash } from 'node:crypto';
import type { Clock, TimerHandle } from '../spec/clock.js';
import type { LlmToolCall } from '../spec/llm.js';
import type { CallContext } from './agent.js';
import type { CallEvent, CallEventBody } from '../spec/call-event.js';
import { validate } from './json-schema.js';
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
  readonly dispatch: (body: CallEventBody) => void;
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
  /** For the tools of the call itself, which need no schema: logged and remembered in the same way. */
  note(call: LlmToolCall, turn: ToolTurn, result: ToolResult): ToolResult;
}

const defaultDeadlineMs = 10_000;
const maxArgumentCharacters = 64 * 1024;
const maxResultCharacters = 16_000;

export function createToolRunner(options: ToolRunnerOptions): ToolRunner {
  const done = new Map<string, Promise<ToolResult>>(earlierResults(options.resume ?? []));

  async function logged(
    call: LlmToolCall,
    turn: ToolTurn,
    key: string,
    work: () => Promise<ToolResult>,
  ): Promise<ToolResult> {
    const startedAt = options.clock.now();
    options.dispatch({
      type: 'tool-started',
      turnId: turn.turnId,
      id: call.id,
      name: call.name,
      argumentsText: call.argumentsText,
      idempotencyKey: key,
      textOffset: turn.textOffset,
      providerState: call.providerState,
    });
    const result = bounded(await work());
    const durationMs = options.clock.now() - startedAt;
    options.dispatch({
      type: 'tool-finished',
      turnId: turn.turnId,
      id: call.id,
      name: call.name,
      ok: result.ok,
      result: result.text,
      durationMs,
    });
    return result;
  }

  return {
    run(tool, call, turn) {
      const key = idempotencyKey(options.callId, turn.utterance, call);
      const earlier = done.get(key);
      const work = earlier === undefined ? () => runOnce(tool, call, key, options) : () => earlier;
      const result = logged(call, turn, key, work);
      if (earlier === undefined) done.set(key, result);
      return result;
    },
    note(call, turn, result) {
      void logged(call, turn, idempotencyKey(options.callId, turn.utterance, call), () =>
        Promise.resolve(result),
      );
      return result;
    },
  };
}

/** The same request in the same turn has the same key, in whatever order its arguments are written. */
function idempotencyKey(callId: string, utterance: number, call: LlmToolCall): string {
  const parsed = parseArguments(call.argumentsText);
  const canonical = parsed.ok ? canonicalJson(parsed.value) : call.argumentsText;
  return createHash('sha256')
    .update(`${callId}\n${utterance}\n${call.name}\n${canonical}`)
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
  try {
    return { ok: true, value: text.trim() === '' ? {} : (JSON.parse(text) as unknown) };
  } catch {
    return { ok: false, problem: 'the arguments are cut or are not JSON' };
  }
}

function failure(text: string): ToolResult {
  return { ok: false, text };
}

async function runOnce(
  tool: Tool,
  call: LlmToolCall,
  key: string,
  options: ToolRunnerOptions,
): Promise<ToolResult> {
  const parsed = parseArguments(call.argumentsText);
  // Never repaired: `{"amount": 1000` may have been 10000.
  if (!parsed.ok) return failure(`Not run: ${parsed.problem}. Ask again with complete JSON.`);
  const input = await validate(tool.input, parsed.value);
  if (!input.ok) return failure(`Not run: ${input.problem}.`);
  return withDeadline(options, tool.deadlineMs ?? defaultDeadlineMs, async (signal) => {
    const { callId, context } = options;
    if (tool.risk === 'money' || tool.risk === 'irreversible') {
      const request = { callId, context, tool: tool.name, risk: tool.risk, input: input.value, signal };
      if ((await options.approve?.(request)) !== true)
        return failure('Not run: it was not approved. Offer a person instead.');
    }
    const value = await tool.run(input.value as never, { callId, context, idempotencyKey: key, signal });
    return { ok: true, text: typeof value === 'string' ? value : (JSON.stringify(value) ?? 'done') };
  });
}

/** Settles at the deadline whatever the work does; the work's signal fires then, and when the call ends. */
function withDeadline(
  { clock, signal }: ToolRunnerOptions,
  deadlineMs: number,
  work: (signal: AbortSignal) => Promise<ToolResult>,
): Promise<ToolResult> {
  return new Promise((resolve) => {
    const controller = new AbortController();
    let timer: TimerHandle | undefined;
    const settle = (result: ToolResult): void => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(result);
    };
    const onAbort = (): void => {
      controller.abort(signal.reason);
      settle(failure('Stopped: the call ended.'));
    };
    timer = clock.setTimeout(() => {
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

function bounded(result: ToolResult): ToolResult {
  if (result.text.length <= maxResultCharacters) return result;
  const note = ` … [cut: the result has ${result.text.length} characters]`;
  return { ...result, text: result.text.slice(0, maxResultCharacters) + note };
}

function* earlierResults(events: readonly CallEvent[]): Generator<[string, Promise<ToolResult>]> {
  const keys = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'tool-started') keys.set(`${event.turnId}:${event.id}`, event.idempotencyKey);
    if (event.type !== 'tool-finished') continue;
    const key = keys.get(`${event.turnId}:${event.id}`);
    if (key !== undefined) yield [key, Promise.resolve({ ok: event.ok, text: event.result })];
  }
}
