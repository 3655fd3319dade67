// CMU Flite as a text-to-speech adapter: what applications import.
export { createFliteTts } from './flite-tts.js';
export type { FliteTtsOptions, FliteVoice } from './flite-options.js';
