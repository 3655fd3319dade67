// Language models of Anthropic for Voicewire.
export { createAnthropicLlm } from './anthropic-llm.js';
export type { AnthropicLlmOptions } from './anthropic-options.js';
