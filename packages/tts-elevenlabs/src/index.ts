// ElevenLabs text-to-speech for Voicewire.
export { createElevenLabsTts } from './elevenlabs-tts.js';
export type { ElevenLabsTtsOptions } from './elevenlabs-options.js';
