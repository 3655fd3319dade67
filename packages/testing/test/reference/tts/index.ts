// Acme's text to speech.
export { createAcmeTts } from './acme-tts.js';
export type { AcmeTtsOptions } from './acme-options.js';
