// Language models of OpenAI and every server that speaks its chat completions, for Voicewire.
export { createOpenAiLlm } from './openai-llm.js';
export type { OpenAiLlmOptions } from './openai-options.js';
