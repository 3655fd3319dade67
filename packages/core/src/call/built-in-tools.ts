// The tools of the call itself: ending it, transferring it, handing it over; what a model is offered and what it then gets.
import type { LlmTool, LlmToolCall } from '../spec/llm.js';
import type { Agent } from './agent.js';
import type { ToolResult } from './run-tools.js';
import { fillSlotTool } from './slots.js';
import { describeTool } from './tool.js';

/** Something the model wants of the call itself; done when the reply was heard. */
export type CallAction =
  | { readonly type: 'end-call' }
  | { readonly type: 'transfer'; readonly name: string }
  | { readonly type: 'hand-over'; readonly name: string };

/** Everything a model may ask for. `canTransfer`: the carrier of this call can. */
export function toolsOf(agent: Agent, canTransfer: boolean): readonly LlmTool[] {
  const transfers = canTransfer ? Object.entries(agent.transfers ?? {}) : [];
  const handoffs = agent.handoffs ?? [];
  const slots = fillSlotTool(agent.slots ?? {});
  return [
    ...(agent.tools ?? []).map(describeTool),
    ...(slots === undefined ? [] : [slots]),
    ...(transfers.length === 0
      ? []
      : [
          choiceTool(
            'transfer_call',
            'Connect the caller to a person. Say so first.',
            'destination',
            transfers.map(([name]) => name),
            transfers.map(([name, { description }]) => `${name}: ${description}`),
          ),
        ]),
    ...(handoffs.length === 0
      ? []
      : [
          choiceTool(
            'hand_over',
            'Hand the caller to another agent.',
            'agent',
            handoffs.map(({ name }) => name),
            [],
          ),
        ]),
    ...(agent.canEndCall === false
      ? []
      : [
          {
            name: 'end_call',
            description: 'End the call after saying goodbye.',
            parameters: { type: 'object', properties: {} },
          },
        ]),
  ];
}

function choiceTool(
  name: string,
  description: string,
  property: string,
  names: readonly string[],
  notes: readonly string[],
): LlmTool {
  return {
    name,
    description: [description, ...notes].join('\n'),
    parameters: {
      type: 'object',
      properties: { [property]: { type: 'string', enum: names } },
      required: [property],
    },
  };
}

interface BuiltIn {
  readonly action?: CallAction;
  readonly result: ToolResult;
}

/** An action waits for the reply to be heard out. */
function unlessInterrupted(what: string): string {
  return `The caller is ${what} as soon as they have heard you out. If they go on talking instead, ask for it again.`;
}

/** What a call of a built-in tool means; undefined for all others. */
export function builtInAction(agent: Agent, call: LlmToolCall): BuiltIn | undefined {
  const input = readObject(call.argumentsText);
  switch (call.name) {
    case 'end_call':
      return { action: { type: 'end-call' }, result: { ok: true, text: 'The call ends.' } };
    case 'transfer_call': {
      const name = String(input?.['destination']);
      return Object.hasOwn(agent.transfers ?? {}, name)
        ? { action: { type: 'transfer', name }, result: { ok: true, text: unlessInterrupted('connected') } }
        : { result: { ok: false, text: 'There is no such destination.' } };
    }
    case 'hand_over': {
      const name = String(input?.['agent']);
      return agent.handoffs?.some((other) => other.name === name)
        ? {
            action: { type: 'hand-over', name },
            result: { ok: true, text: unlessInterrupted('handed over') },
          }
        : { result: { ok: false, text: 'There is no such agent.' } };
    }
    default:
      return undefined;
  }
}

/** Arguments of a built-in tool, if they are an object. */
export function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
