// The other end of a test's call: a scripted agent on a real media connection, telling its log as the reference server does.
import type { MediaConnection, MediaEvent } from '@voicewire/core/adapter';

export type LogEvent = Readonly<Record<string, unknown>> & { readonly type: string };

export interface FakeReply {
  readonly says: string;
  /** Said before the tool runs. */
  readonly filler?: string;
  readonly tool?: { readonly name: string; readonly input: unknown; readonly result: string };
  readonly latency: readonly [ears: number, pause: number, mind: number, voice: number];
}

export interface FakeAgentOptions {
  readonly connection: MediaConnection;
  readonly greeting: string;
  /** Said in this order, whatever the caller says. */
  readonly replies: readonly FakeReply[];
  /** What the recorded caller's lines are, for the ears of this fake know them. */
  readonly lines: readonly string[];
  readonly log: (event: LogEvent) => void;
}

export interface FakeAgent {
  hear(audio: Uint8Array): void;
  /** Until the call is over. */
  run(): Promise<void>;
}

const msPerWord = 180;
const sampleRate = 16_000;

interface State {
  readonly options: FakeAgentOptions;
  turnId: number;
  /** Since the last clear. */
  playedMs: number;
  generation: number;
  /** What is being said; `fromMs` is where it began. */
  reply: { readonly words: readonly string[]; readonly fromMs: number } | undefined;
  isSpeech: boolean;
  quietMs: number;
  line: number;
}

export function createFakeAgent(options: FakeAgentOptions): FakeAgent {
  const state: State = {
    options,
    turnId: 0,
    playedMs: 0,
    generation: 0,
    reply: undefined,
    isSpeech: false,
    quietMs: 0,
    line: 0,
  };
  return {
    hear: (audio) => hear(state, audio),
    async run() {
      for await (const event of options.connection) take(state, event);
    },
  };
}

function take(state: State, event: MediaEvent): void {
  const { log } = state.options;
  if (event.type === 'start') greet(state);
  if (event.type === 'played') state.playedMs = event.playedMs;
  if (event.type === 'mark') finishReply(state, event.id);
  if (event.type === 'dtmf') log({ type: 'dtmf', digit: event.digit, masked: false });
  if (event.type !== 'transcript') return;
  const { event: said } = event;
  if (said.type === 'partial') log({ type: 'transcript-partial', track: 'caller', text: said.text });
  if (said.type === 'final') takeFinal(state, said.text);
}

/** Recorded lines are told apart by the silence between them. */
function hear(state: State, audio: Uint8Array): void {
  const { log, lines } = state.options;
  const samples = new Int16Array(Uint8Array.from(audio).buffer);
  const isLoud = samples.some((sample) => Math.abs(sample) > 500);
  state.quietMs = isLoud ? 0 : state.quietMs + 20;
  if (isLoud && !state.isSpeech) log({ type: 'speech-started', track: 'caller', startMs: 0 });
  const isOver = state.isSpeech && state.quietMs >= 300;
  state.isSpeech = isLoud || (state.isSpeech && !isOver);
  if (!isOver) return;
  state.line += 1;
  takeFinal(state, lines[state.line - 1] ?? '…');
}

function takeFinal(state: State, text: string): void {
  interrupt(state);
  const words = { startMs: 0, endMs: 0, words: [], promoted: false };
  state.options.log({ type: 'transcript-final', track: 'caller', text, ...words });
  answer(state);
}

function greet(state: State): void {
  const { log, greeting } = state.options;
  state.turnId += 1;
  log({ type: 'reply-started', turnId: state.turnId, trigger: 'greeting', utterance: 0 });
  say(state, greeting);
}

function answer(state: State): void {
  const { log, replies } = state.options;
  const script = replies[(state.turnId - 1) % replies.length];
  if (script === undefined) return;
  const turnId = (state.turnId += 1);
  log({ type: 'reply-started', turnId, trigger: 'utterance', utterance: turnId - 1 });
  if (script.tool) {
    const { name, input, result } = script.tool;
    const id = `call-${turnId}`;
    if (script.filler) log({ type: 'agent-text', turnId, text: script.filler });
    log({ type: 'tool-started', turnId, id, name, argumentsText: JSON.stringify(input) });
    log({ type: 'tool-finished', turnId, id, name, ok: true, result, durationMs: 38 });
  }
  say(state, script.says);
  const [sttMs, endpointMs, llmMs, ttsMs] = script.latency;
  const totalMs = sttMs + endpointMs + llmMs + ttsMs;
  log({ type: 'turn-latency', turnId, sttMs, endpointMs, llmMs, ttsMs, totalMs });
}

function say(state: State, text: string): void {
  const { connection, log } = state.options;
  const words = text.split(' ');
  state.reply = { words, fromMs: state.playedMs };
  for (const word of words) {
    log({ type: 'agent-text', turnId: state.turnId, text: `${word} ` });
    connection.send(babble(msPerWord));
  }
  connection.mark(`turn-${state.turnId}`, state.generation);
}

function interrupt(state: State): void {
  if (state.reply === undefined) return;
  state.options.connection.clear();
  state.generation += 1;
  const count = Math.floor((state.playedMs - state.reply.fromMs) / msPerWord);
  endReply(state, state.reply.words.slice(0, count), 'interrupted');
  state.playedMs = 0;
}

function finishReply(state: State, mark: string): void {
  if (state.reply && mark === `turn-${state.turnId}`) endReply(state, state.reply.words, 'heard');
}

function endReply(state: State, heard: readonly string[], outcome: string): void {
  state.options.log({ type: 'agent-heard', turnId: state.turnId, text: heard.join(' '), outcome });
  state.reply = undefined;
}

/** Something with the rhythm of speech. */
function babble(ms: number): Uint8Array {
  const samples = Int16Array.from({ length: (ms * sampleRate) / 1000 }, (_, index) => {
    const syllable = Math.sin((Math.PI * index * 1000) / (sampleRate * 130)) ** 2;
    return Math.round(6_000 * syllable * (Math.sin(index / 18) + 0.5 * Math.sin(index / 7)));
  });
  return new Uint8Array(samples.buffer);
}
