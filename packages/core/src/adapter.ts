// What adapters import, as '@voicewire/core/adapter'. Nothing else in core is open to them.
export type { AttemptReport, OnAttempt } from './spec/attempt.js';
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
export {
  loadApiKey,
  loadBaseUrl,
  loadSetting,
  type ApiKeySource,
  type BaseUrlSource,
} from './kit/load-api-key.js';
export { parseOptions } from './kit/parse-options.js';
export { healthKey } from './kit/health-key.js';
export { createEventQueue, type EventQueue, type EventQueueOptions } from './kit/event-queue.js';
export { createSkipCounter, type SkipCounter } from './kit/skip-counter.js';
export { constantTimeEqual, hmac, type HmacInput } from './kit/signature.js';
export type { HttpRequest } from './kit/http-exchange.js';
export type { HttpRefusal, HttpTarget, RefusalDetails } from './kit/http-failure.js';
export { openHttpStream, type HttpStream, type HttpStreamRequest } from './kit/http-stream.js';
export { sendHttpRequest, type HttpResponse } from './kit/http-request.js';
export { createHttpFetch, type HttpFetchOptions } from './kit/http-fetch.js';
export { parseJson } from './kit/http-json.js';
export { parseSse, type SseEvent, type SseOptions } from './kit/sse.js';
export { parseNdjson, type NdjsonOptions } from './kit/ndjson.js';
export { createLazyStream } from './kit/lazy-stream.js';
export {
  connectWebSocket,
  type Frame,
  type WebSocketLink,
  type WebSocketLinkOptions,
} from './kit/websocket-link.js';
export { type PeerVerdict, type ReadVerdict, type VerdictReading } from './kit/websocket-failure.js';
export { readJsonMessage } from './kit/websocket-message.js';
export { openWebSocketStream, type SttFrames, type WebSocketStreamOptions } from './kit/websocket-stream.js';
export {
  openSdkStream,
  type CountedSttStream,
  type SdkStreamOptions,
  type SttFeed,
  type SttTransport,
} from './kit/sdk-stream.js';
export {
  openTtsSession,
  type TtsLine,
  type TtsLineStatus,
  type TtsSessionOptions,
  type TtsVoice,
} from './kit/tts-session.js';
export type { TtsFeed, TtsSpeaker } from './kit/tts-utterance.js';
export { checkSttRequest, checkTtsRequest } from './kit/check-request.js';
export { checkLlmRequest } from './kit/check-llm-request.js';
export { readWav, writeWav } from './audio/wav.js';
export {
  canConvert,
  createConverter,
  decodeSamples,
  encodeSamples,
  type Converter,
} from './audio/convert.js';
export {
  bytesFor,
  bytesPerMs,
  describeFormat,
  durationMs,
  isSameFormat,
  sampleBytes,
  silence,
} from './audio/format.js';
export { stripWavHeader, type WavHeaderStripper } from './audio/strip-wav-header.js';
export { createWordTiming, type TimedText, type WordTiming } from './kit/word-timing.js';
