// Cartesia text-to-speech for Voicewire.
export { createCartesiaTts } from './cartesia-tts.js';
export type { CartesiaTtsOptions } from './cartesia-options.js';
