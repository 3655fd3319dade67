// Acme language models for Voicewire.
export { createAcmeLlm } from './acme-llm.js';
export type { AcmeLlmOptions } from './acme-options.js';
