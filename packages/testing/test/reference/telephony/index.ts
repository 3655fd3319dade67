// Calls through Acme.
export { createAcmeTelephony } from './acme-telephony.js';
export type { AcmeTelephonyOptions } from './acme-options.js';
