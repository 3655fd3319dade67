// One call without a telephone: a caller who types or plays a recording, a line that plays in real time, the shipped call code.
import {
  acceptMedia,
  createRecorder,
  runCall,
  sttChain,
  ttsChain,
  llmChain,
  systemClock,
  type Agent,
  type AudioFormat,
  type CallEvent,
  type CallResult,
  type Clock,
  type LoadedProviders,
  type RunCallOptions,
  type TurnPolicy,
  type BudgetOptions,
} from '@voicewire/core';
import { createConverter, ConfigError } from '@voicewire/core/adapter';
import { createSimulatedCaller, type Caller } from '@voicewire/testing';

/**
 * What the caller says: lines of text, or one recording. A `person` is heard whenever they type, also while the agent speaks;
 * a `script` waits for its turn.
 */
export type CallerSource =
  | { readonly kind: 'text'; readonly pace: 'person' | 'script'; readonly lines: AsyncIterable<string> }
  | { readonly kind: 'recording'; readonly audio: Uint8Array; readonly format: AudioFormat };

export interface TalkOptions {
  readonly agent: Agent;
  readonly providers: LoadedProviders;
  readonly turn?: Partial<TurnPolicy> | undefined;
  readonly budgets?: BudgetOptions | undefined;
  readonly ladder?: RunCallOptions['ladder'];
  readonly source: CallerSource;
  readonly onEvent?: ((event: CallEvent) => void) | undefined;
  /** Default: the system's, so that the call takes as long as it takes. */
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Talk {
  readonly result: CallResult;
  /** The call as stereo WAV, 16 kHz: caller left, agent right. */
  readonly wav: Uint8Array;
}

/** The agent's own limit is what ends a long call. */
const maxCallMs = 24 * 3_600_000;

const line: AudioFormat = { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 };

/** Resolves when the call is over. Typed text needs no ears; a recording is heard by the configured ones. */
export async function talk(options: TalkOptions): Promise<Talk> {
  const { agent, providers, source, budgets = {}, clock = systemClock } = options;
  if (providers.llm === undefined || providers.tts === undefined) {
    throw new ConfigError({
      code: 'config.call',
      path: 'llm',
      message: 'talking needs a language model and a voice: configure llm and tts',
    });
  }
  const isTyped = source.kind === 'text';
  if (!isTyped && providers.stt === 'media') {
    throw new ConfigError({
      code: 'config.call',
      path: 'stt',
      message: 'a recording needs ears: configure stt',
      found: '"media"',
    });
  }
  const answers = createAnswerWatch(agent.greeting !== undefined);
  const caller = createSimulatedCaller({
    clock,
    inbound: line,
    outbound: line,
    callId: crypto.randomUUID(),
    capabilities: { transcripts: isTyped },
    maxCallMs,
    script: async (hands) => {
      if (source.kind === 'text') await type(hands, source, answers);
      else await play(hands, source, answers);
    },
  });
  const { capabilities, control, open } = caller;
  const media = await acceptMedia({ provider: 'terminal', capabilities, clock, open });
  const call = runCall({
    mode: 'agent',
    media,
    control,
    agent: {
      ...agent,
      turn: { ...agent.turn, ...options.turn },
      // A rehearsal has no prices to hold a limit on money by.
      limits: { ...agent.limits, money: undefined },
    },
    providers: {
      stt: isTyped || providers.stt === 'media' ? 'media' : sttChain(providers.stt, { budgets: budgets.stt }),
      llm: llmChain(providers.llm, { budgets: budgets.llm }),
      tts: ttsChain(providers.tts, { budgets: budgets.tts }),
    },
    ladder: options.ladder,
    clock,
    signal: options.signal,
  });
  const recorder = createRecorder(call, { sampleRate: line.sampleRate });
  for await (const event of call.events({ fromSeq: 1 })) {
    if (event.type === 'events-lost') continue;
    answers.read(event);
    options.onEvent?.(event);
  }
  const result = await call.done;
  await caller.done;
  return { result, wav: recorder.toWav() };
}

interface AnswerWatch {
  /** The caller said something. */
  asked(): void;
  read(event: CallEvent): void;
  /** The agent answered the last thing that was said, and was heard to the end. */
  isAnswered(): boolean;
}

/** By the call's log: how long a model thinks, or whether speech is pausing or over, can't be heard. */
function createAnswerWatch(greets: boolean): AnswerWatch {
  let isAnswered = !greets;
  let answer: number | undefined;
  return {
    asked() {
      isAnswered = false;
      answer = undefined;
    },
    read(event) {
      if (event.type === 'reply-started') answer = event.turnId;
      if (event.type === 'agent-heard' && event.turnId === answer && event.outcome === 'heard')
        isAnswered = true;
    },
    isAnswered: () => isAnswered,
  };
}

/** Digits are keys, everything else is words. At the end the caller stays for the answer. */
async function type(
  hands: Caller,
  { lines, pace }: Extract<CallerSource, { kind: 'text' }>,
  answers: AnswerWatch,
): Promise<void> {
  for await (const text of lines) {
    if (text === '') continue;
    if (pace === 'script') await hands.until(answers.isAnswered);
    answers.asked();
    if (/^[0-9*#]+$/.test(text)) await hands.press(text);
    else hands.type(text);
  }
  await hands.until(answers.isAnswered);
}

/** The recording begins when the greeting is over, and the caller stays for the answer. */
async function play(
  hands: Caller,
  { audio, format }: Extract<CallerSource, { kind: 'recording' }>,
  answers: AnswerWatch,
): Promise<void> {
  await hands.until(answers.isAnswered);
  const converter = createConverter(format, line);
  await hands.play(Buffer.concat([converter.push(audio), converter.flush()]));
  await hands.agentFinishes(2_000);
}
