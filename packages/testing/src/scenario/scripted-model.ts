// The model of a scenario: the first rule that fits what was heard last says the answer.
import type { LlmRequest } from '@voicewire/core/adapter';
import type { LlmResponse } from '../fakes/llm-fake.js';
import { TestingError } from '../testing-error.js';
import type { ScenarioRule } from './scenario.js';
import { holds } from './text-pattern.js';

/**
 * Answers a request; an answer that somebody else began is taken up where it was cut off. Throws `testing.unscripted`, told to
 * `onUnscripted` too, where no rule fits: a model that throws is a provider that failed, and the call goes on.
 */
export function answerByRules(
  rules: readonly ScenarioRule[],
  onUnscripted: (question: string) => void,
): (request: LlmRequest) => LlmResponse {
  return ({ messages }) => {
    const last = messages.at(-1);
    const begun = last?.role === 'assistant' ? last.content : '';
    const asked = begun === '' ? last : messages.at(-2);
    const rule = rules.find(({ hears, result_of: resultOf }) => {
      if (resultOf !== undefined) return asked?.role === 'tool' && asked.name === resultOf;
      if (hears !== undefined) return asked?.role === 'user' && holds(asked.content, hears);
      return true;
    });
    if (rule === undefined) {
      const question = asked?.role === 'tool' ? `the result of ${asked.name}` : `"${asked?.content ?? ''}"`;
      onUnscripted(question);
      throw new TestingError(
        'testing.unscripted',
        'No rule of the scenario answers what the model was asked.',
      );
    }
    return responseOf(rule, begun);
  };
}

function responseOf({ says = '', calls_tool: tool }: ScenarioRule, begun: string): LlmResponse {
  const rest = says.startsWith(begun) ? says.slice(begun.length) : says;
  // Piece by piece, as models write: a blank belongs to the word behind it.
  const texts = rest.match(/\s*\S+\s*$|\s*\S+/g) ?? [];
  return {
    parts: [
      ...texts.map((text) => ({ type: 'text', text }) as const),
      ...(tool === undefined ? [] : [{ type: 'tool-calls', calls: [toolCall(tool)] } as const]),
    ],
  };
}

function toolCall({ name, arguments: input = {} }: NonNullable<ScenarioRule['calls_tool']>) {
  return { id: `call-${name}`, name, argumentsText: JSON.stringify(input) };
}
