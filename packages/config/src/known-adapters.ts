// The adapters that are published as packages of ours: what "did you mean" may suggest.
import type { KnownAdapters } from '@voicewire/core';

export const knownAdapters: KnownAdapters = {
  stt: ['deepgram', 'assemblyai'],
  llm: ['openai', 'anthropic', 'ollama'],
  tts: ['elevenlabs', 'cartesia', 'flite'],
  telephony: ['twilio', 'browser'],
};
