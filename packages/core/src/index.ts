// What applications import from '@voicewire/core'. Importing it loads no schema library and opens nothing.
export type * from './adapter.js';
export { systemClock } from './clock/system-clock.js';
export { isVoiceError } from './errors/voice-error.js';
export { ConfigError } from './errors/config-error.js';
export { AllProvidersFailedError, ProviderError } from './errors/provider-error.js';
export { defineTool } from './call/tool.js';
export type {
  Approve,
  ApprovalRequest,
  Tool,
  ToolDefinition,
  ToolRisk,
  ToolRunContext,
} from './call/tool.js';
export type {
  Agent,
  AgentLimits,
  AgentLines,
  CallContext,
  RetrievedPassage,
  Retriever,
} from './call/agent.js';
export { defaultLines } from './call/agent.js';
export type { Slot } from './call/slots.js';
export type { StandardSchema } from './call/json-schema.js';
export type {
  CallEndReason,
  CallEvent,
  CallEventBody,
  CallEventOf,
  CallEventType,
  TurnLatency,
} from './spec/call-event.js';
export type { AudioTap, Call, CallMedia, CallProviders, CallResult, RunCallOptions } from './call/call.js';
export type { ReadEvent } from './call/call-log.js';
export { acceptMedia, type AcceptMediaOptions } from './call/accept-media.js';
export { runCall } from './call/run-call.js';
export type { PriceList, Prices } from './call/spend.js';
export type { SpendingLimits } from './call/spending-limits.js';
export {
  createVoiceCache,
  type PhraseManner,
  type VoiceCache,
  type VoiceCacheOptions,
} from './call/voice-cache.js';
export { createRecorder, type Recorder } from './call/recorder.js';
export { defaultTurnPolicy, turnPolicyFor, type TurnPolicy } from './turn/turn-policy.js';
export type { TurnWords } from './turn/turn-words.js';
export { defaultBudgets, type Budgets } from './resilience/budgets.js';
export { fallbackLlm } from './resilience/fallback-llm.js';
export { fallbackStt } from './resilience/fallback-stt.js';
export { fallbackTts } from './resilience/fallback-tts.js';
export type { Ladder, LadderMenu, MenuChoice } from './resilience/ladder.js';
export type { ByteStorage } from './spec/storage.js';
export type { ChainOptions, LlmChainOptions } from './resilience/chain-options.js';
export type { HedgeOptions, HedgeSettings } from './resilience/hedge.js';
export {
  createHealth,
  type Health,
  type HealthMember,
  type HealthOptions,
  type Lease,
  type ProviderHealth,
  type ProviderState,
  type Refusal,
} from './resilience/health.js';
export {
  llmChain,
  sttChain,
  ttsChain,
  type BudgetOptions,
  type CallChainOptions,
  type Chain,
} from './resilience/provider-chains.js';
export {
  createVoicewire,
  type CloseOptions,
  type Invitation,
  type InviteOptions,
  type ReloadSettings,
  type Voicewire,
  type VoicewireEvents,
} from './mount/voicewire.js';
export type { IncomingCall, VoicewireOptions } from './mount/mount.js';
export type { CallMatch, CallOverride, CallSettings, ProviderPolicy } from './mount/chains.js';
export { labelled } from './resilience/labels.js';
export {
  createMemoryCallStore,
  type CallRecord,
  type CallStanding,
  type CallStore,
} from './mount/call-store.js';
export type { DialOptions } from './mount/dial.js';
export { nodeListener, type NodeListener } from './mount/node-listener.js';
export {
  createRegistry,
  type LoadedProviders,
  type Registry,
  type RegistryOptions,
} from './registry/create-registry.js';
export type { AdapterEntry, StageConfig, VoicewireConfig } from './registry/config-schema.js';
export type { AdapterFactory, AdapterKind, BuiltInAdapters, KnownAdapters } from './registry/load-adapter.js';
