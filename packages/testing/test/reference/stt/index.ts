// Acme's speech to text.
export { createAcmeStt } from './acme-stt.js';
export type { AcmeSttOptions } from './acme-options.js';
