// Acme speech-to-text for Voicewire.
export { createAcmeStt } from './acme-stt.js';
export type { AcmeSttOptions } from './acme-options.js';
