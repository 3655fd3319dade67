// What tests import from '@voicewire/testing': clocks, fakes, scripted adapters, conformance suites.
export { TestingError, type TestingErrorCode } from './testing-error.js';
export {
  createVirtualClock,
  type RunOptions,
  type VirtualClock,
  type VirtualClockOptions,
} from './virtual-clock.js';

export type {
  CarrierCall,
  CarrierCommand,
  CarrierConversation,
  CarrierDialect,
  CarrierEvent,
  DialectBasics,
  FakeClose,
  FakeRequest,
  LlmAsked,
  LlmConversation,
  LlmDialect,
  LlmFakeEvent,
  LlmFakeUsage,
  Refusal,
  SttAsked,
  SttClientMessage,
  SttConversation,
  SttDialect,
  SttFakeEvent,
  TtsAnswer,
  TtsAsked,
  TtsClientMessage,
  TtsConversation,
  TtsDialect,
  TtsFakeAudio,
  TtsFakeCharacter,
  TtsFakeEvent,
  WireMessage,
} from './fakes/dialects.js';
export {
  startFakeServer,
  type FakeServer,
  type FakeServerHandlers,
  type FakeServerOptions,
  type RawUpgrade,
} from './fakes/fake-server.js';
export type { FakeSession, FakeSessionEnd, ReceivedMessage } from './fakes/fake-session.js';
export {
  defaultLlmResponse,
  startLlmFake,
  type LlmFake,
  type LlmFakeOptions,
  type LlmHeard,
  type LlmResponse,
  type LlmScript,
} from './fakes/llm-fake.js';
export type { Fault, Misbehaviour, MisbehaviourType } from './fakes/misbehaviour.js';
export { fakeApiKey, type ProviderFake, type ProviderFakeOptions } from './fakes/provider-fake.js';
export type { SttHeard, SttScript } from './fakes/stt-ear.js';
export { defaultSttScript, startSttFake, type SttFake, type SttFakeOptions } from './fakes/stt-fake.js';
export { startTtsFake, type TtsFake, type TtsFakeOptions } from './fakes/tts-fake.js';
export type { TtsHeard, TtsHeardUtterance, TtsVoiceOptions } from './fakes/tts-mouth.js';
export type { UntilOptions } from './fakes/waiting.js';
export { timedWords, type RecogniserManner, type ScriptedWord } from './script-recogniser.js';
export { createWordReader, readWords, type HeardWord, type WordReader } from './oracle/word-reader.js';
export { countWords, isExact, longestGapMs, type WordCount } from './oracle/count-words.js';
export type { SoundFormat } from './oracle/samples.js';
export { wordsAsHeard } from './oracle/word-code.js';
export { characterSound, defaultMsPerChar, speechSound } from './word-sound.js';
export type { Caller, CallerScript, OnTrack } from './carrier/caller.js';
export type { CarrierEnd, CarrierEndOptions } from './carrier/carrier-end.js';
export type { HeardCall } from './carrier/heard-call.js';
export type { CarrierLogEntry } from './carrier/line-connection.js';
export type { PlayedAudio } from './carrier/play-out.js';
export {
  createSimulatedCaller,
  simulatedCapabilities,
  type SimulatedCaller,
  type SimulatedCallerOptions,
} from './carrier/simulated-caller.js';
export type { ScriptedFault, ScriptedFaults } from './scripted/scripted-fault.js';
export {
  callTool,
  createScriptedLlm,
  scriptedLlmCapabilities,
  type ScriptedLlm,
  type ScriptedLlmOptions,
  type ScriptedLlmStep,
} from './scripted/scripted-llm.js';
export {
  createScriptedStt,
  scriptedSttCapabilities,
  type ScriptedStt,
  type ScriptedSttOptions,
  type ScriptedSttRecord,
  type ScriptedSttScript,
  type SoundReader,
} from './scripted/scripted-stt.js';
export {
  createScriptedTts,
  scriptedTtsCapabilities,
  type ScriptedTts,
  type ScriptedTtsOptions,
  type ScriptedTtsRecord,
} from './scripted/scripted-tts.js';
export { parseScenario, type Scenario } from './scenario/scenario.js';
export { checkScenario, type RunScenarioOptions } from './scenario/prepare-run.js';
export { runScenario, type ScenarioVerdict } from './scenario/run-scenario.js';
export {
  repeatScenario,
  type RepeatScenarioOptions,
  type ScenarioResult,
} from './scenario/repeat-scenario.js';
export { toJUnit, type JUnitCase } from './scenario/junit.js';
export type { ScenarioProviders } from './scenario/stand-ins.js';
export type { Finding } from './scenario/judge-answer.js';
export { playCall, type PlayCallOptions, type PlayedCall } from './play-call.js';
export { connectWireCaller, type WireCaller, type WireCallerOptions } from './carrier/wire-caller.js';
export { parseChaosRule, type ChaosFault, type ChaosRule, type ChaosWhen } from './chaos/chaos-fault.js';
export {
  startChaosProxy,
  type ChaosProxy,
  type ChaosProxyOptions,
  type ChaosRecord,
} from './chaos/chaos-proxy.js';
export type {
  ChaosConnection,
  ChaosEntry,
  ChaosTransport,
  ChaosWordReader,
} from './chaos/connection-record.js';
export type { ChaosRuleHandle } from './chaos/rule-book.js';
export { createVoiceMatcher, type KnownRecording } from './demo/voice-matcher.js';
export type { Target } from './conformance/bench.js';
export type { SuiteOptions, TestFunctions } from './conformance/check.js';
export { describeSttConformance, type SttConformanceOptions } from './conformance/stt.js';
export { describeTtsConformance, type TtsConformanceOptions } from './conformance/tts.js';
export { describeLlmConformance, type LlmConformanceOptions } from './conformance/llm.js';
export type { SignedWebhook } from './conformance/telephony-bench.js';
export { describeTelephonyConformance, type TelephonyConformanceOptions } from './conformance/telephony.js';
export {
  simulate,
  type SimulateOptions,
  type SimulationFailure,
  type SimulationReport,
} from './simulation/simulate.js';
