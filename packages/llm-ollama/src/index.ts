// Language models served by Ollama, for Voicewire.
export { createOllamaLlm } from './ollama-llm.js';
export { isReachable, listOllamaModels, type ListOllamaModelsOptions } from './ollama-models.js';
export type { OllamaLlmOptions } from './ollama-options.js';
