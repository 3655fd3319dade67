// What adapters import, as '@voicewire/core/adapter'. Nothing else in core is open to them.
export type { AudioEncoding, AudioFormat } from './spec/audio.js';
export type { Clock, TimerHandle } from './spec/clock.js';
export type { ErrorClass, Stage, VoiceError } from './spec/error.js';
export type {
  SttAdapter,
  SttCapabilities,
  SttEvent,
  SttFinal,
  SttPartial,
  SttRequest,
  SttStream,
  Transcript,
  TranscriptionRequest,
  Word,
} from './spec/stt.js';
export type {
  SpeakOptions,
  TtsAdapter,
  TtsCapabilities,
  TtsEvent,
  TtsRequest,
  TtsSession,
  TtsUtterance,
  TtsWord,
} from './spec/tts.js';
export type {
  FinishReason,
  JsonSchema,
  LlmAdapter,
  LlmCapabilities,
  LlmMessage,
  LlmPart,
  LlmRequest,
  LlmTool,
  LlmToolCall,
  ProviderState,
} from './spec/llm.js';
export type {
  CallControl,
  CallDirection,
  CallInstruction,
  CallStatus,
  DialRequest,
  MediaAudioListener,
  MediaConnection,
  MediaEvent,
  MediaOpenOptions,
  MediaProtocol,
  MediaSocket,
  MediaTrack,
  MediaUpgrade,
  TelephonyAdapter,
  TelephonyCapabilities,
  TelephonyEvent,
  TelephonyWebhook,
  WebhookContext,
} from './spec/telephony.js';
export { systemClock } from './clock/system-clock.js';
export { BaseVoiceError, isVoiceError } from './errors/voice-error.js';
export { ConfigError, type ConfigProblem } from './errors/config-error.js';
export { ProviderError, type ProviderErrorOptions } from './errors/provider-error.js';
export { classOfCloseCode, classOfHttpStatus, parseRetryAfter } from './errors/classify.js';
export { loadApiKey, loadSetting, type ApiKeySource } from './kit/load-api-key.js';
export { parseOptions } from './kit/parse-options.js';
export { healthKey } from './kit/health-key.js';
