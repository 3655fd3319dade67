// Acme text-to-speech for Voicewire.
export { createAcmeTts } from './acme-tts.js';
export type { AcmeTtsOptions } from './acme-options.js';
