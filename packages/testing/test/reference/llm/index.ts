// Acme's language model.
export { createAcmeLlm } from './acme-llm.js';
export type { AcmeLlmOptions } from './acme-options.js';
