// Deepgram speech-to-text for Voicewire.
export { createDeepgramStt } from './deepgram-stt.js';
export type { DeepgramSttOptions } from './deepgram-options.js';
