// AssemblyAI speech-to-text for Voicewire.
export { createAssemblyAiStt } from './assemblyai-stt.js';
export type { AssemblyAiSttOptions } from './assemblyai-options.js';
export { createAssemblyAiToken, type AssemblyAiTokenRequest } from './assemblyai-token.js';
