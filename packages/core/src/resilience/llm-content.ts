// What of a response answers somebody.
import type { LlmPart } from '../spec/llm.js';

/** Words or a tool call; usage figures and blank text are none. */
export function isContent(part: LlmPart): boolean {
  return part.type === 'tool-call' || (part.type === 'text' && part.text.trim() !== '');
}
