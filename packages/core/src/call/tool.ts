// Tools: what a model may ask for, and the code that decides whether and how it is done.
import type { JsonSchema, LlmTool } from '../spec/llm.js';
import type { CallContext } from './agent.js';
import { toJsonSchema, type OutputOf, type StandardSchema } from './json-schema.js';

/** What running a tool may do to the world. `money` and `irreversible` need the application's approval each time. */
export type ToolRisk = 'read' | 'write' | 'money' | 'irreversible';

export interface ToolRunContext {
  readonly callId: string;
  readonly context: CallContext;
  /** What was collected so far, by name, also what the caller typed unseen: it goes to whatever does the work, not into a result. */
  readonly slots: Readonly<Record<string, unknown>>;
  /** The same for the same request in the same turn, also after a resumption: pass it to whatever does the work. */
  readonly idempotencyKey: string;
  /** Fires at the tool's deadline or the call's end; not when the caller interrupts. */
  readonly signal: AbortSignal;
}

export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly input: StandardSchema;
  /** For schema libraries that can't say their own JSON Schema. */
  readonly jsonSchema?: JsonSchema | undefined;
  readonly risk: ToolRisk;
  /** Default 10,000. */
  readonly deadlineMs?: number | undefined;
  /** Spoken when the tool takes longer than a second. Default: the agent's; `false` for none. */
  readonly filler?: string | false | undefined;
  run(input: never, run: ToolRunContext): unknown;
}

export interface ToolDefinition<Schema extends StandardSchema> extends Omit<Tool, 'input' | 'run'> {
  readonly input: Schema;
  run(input: OutputOf<Schema>, run: ToolRunContext): unknown;
}

/**
 * A tool whose `run` gets exactly what `input` describes. Whatever it returns is told to the model as JSON;
 * whatever it throws is told as a failure. It runs at most once per request.
 */
export function defineTool<Schema extends StandardSchema>(definition: ToolDefinition<Schema>): Tool {
  return definition;
}

/** A risky tool wants to run; the application says yes or no. */
export interface ApprovalRequest {
  readonly callId: string;
  readonly context: CallContext;
  readonly tool: string;
  readonly risk: ToolRisk;
  readonly input: unknown;
  readonly signal: AbortSignal;
}

export type Approve = (request: ApprovalRequest) => boolean | Promise<boolean>;

/** Descriptions do not change: made once, not for every reply of every call. */
const descriptions = new WeakMap<Tool, LlmTool>();

/** A tool as the model sees it. */
export function describeTool(tool: Tool): LlmTool {
  const known = descriptions.get(tool);
  if (known !== undefined) return known;
  const { name, description } = tool;
  const parameters = toJsonSchema(tool.input, tool.jsonSchema, `agent.tools.${name}.input`);
  const described: LlmTool = { name, description, parameters };
  descriptions.set(tool, described);
  return described;
}
