// A chain of voices as one: the next member says the whole utterance when one fails before its first audio.
import { createConverter } from '../audio/convert.js';
import { ProviderError } from '../errors/provider-error.js';
import type {
  SpeakOptions,
  TtsAdapter,
  TtsEvent,
  TtsRequest,
  TtsSession,
  TtsUtterance,
} from '../spec/tts.js';
import { createAttempt, startAttempt, type Attempt } from './attempt.js';
import { asVoiceError, chainHealthKey, createAttempts, lowest, primaryOf, type Attempts } from './chain.js';
import { voiceOf } from './member-voice.js';
import { readOnce } from './read-stream.js';
import { createTtsLines, type TtsLine, type TtsLines } from './tts-lines.js';

/**
 * Formats are the primary's: what another member speaks is converted. Other capabilities are those every member has. `voices`
 * names each provider's own voice; a single `voice` is the primary's, and members of other providers speak with the voice of
 * their settings.
 */
export function fallbackTts(members: readonly TtsAdapter[]): TtsAdapter {
  const primary = primaryOf(members, 'tts');
  const each = members.map(({ capabilities }) => capabilities);
  return {
    kind: 'tts',
    specVersion: 1,
    provider: primary.provider,
    healthKey: chainHealthKey(members),
    capabilities: {
      formats: primary.capabilities.formats,
      wordTimings: each.every(({ wordTimings }) => wordTimings),
      textStreaming: each.every(({ textStreaming }) => textStreaming),
      concurrentUtterances: Math.min(...each.map(({ concurrentUtterances }) => concurrentUtterances)),
      idleLimitMs: lowest(each.map(({ idleLimitMs }) => idleLimitMs)),
    },
    members: members.flatMap((member) => member.members ?? [member.provider]),
    connect: (request) => connectChain(members, request),
  };
}

interface Chain {
  readonly members: readonly TtsAdapter[];
  readonly request: TtsRequest;
  readonly lines: TtsLines;
  readonly utterances: Set<Attempt>;
  readonly maxUtterances: number;
}

function connectChain(members: readonly TtsAdapter[], request: TtsRequest): TtsSession {
  const utterances = new Set<Attempt>();
  let closedWith: { readonly reason: unknown } | undefined;
  const lines = createTtsLines({
    members,
    request,
    isInUse: () => utterances.size > 0,
    onClose: (reason) => {
      closedWith = { reason };
      for (const utterance of utterances) utterance.end(reason);
    },
  });
  const maxUtterances = Math.min(...members.map(({ capabilities }) => capabilities.concurrentUtterances));
  const chain: Chain = { members, request, lines, utterances, maxUtterances };
  return {
    ready: lines.ready,
    closed: lines.closed,
    speak: (options) => speak(chain, options, closedWith),
    close: lines.close,
  };
}

/** What was asked of an utterance, to be asked of the next member as well. */
type Step = { readonly type: 'write'; readonly text: string } | { readonly type: 'flush' | 'end' };

/** One member's try at an utterance. */
interface Voice {
  readonly line: TtsLine;
  readonly attempt: Attempt;
  readonly utterance: TtsUtterance;
}

interface Utterance {
  readonly chain: Chain;
  readonly options: SpeakOptions;
  readonly whole: Attempt;
  /** Members in the order in which they are tried. */
  readonly order: readonly number[];
  /** Everything asked so far, until the first audio makes it unnecessary. */
  steps: Step[] | undefined;
  voice: Voice | undefined;
}

function speak(
  chain: Chain,
  options: SpeakOptions,
  closedWith: { readonly reason: unknown } | undefined,
): TtsUtterance {
  const { utterances, maxUtterances, lines, members } = chain;
  if (utterances.size >= maxUtterances) {
    throw new ProviderError({
      class: 'capacity',
      provider: members[0]?.provider ?? 'none',
      stage: 'tts',
      message: `No more than ${maxUtterances} utterances at once.`,
    });
  }
  const whole = createAttempt(options.signal);
  const utterance: Utterance = { chain, options, whole, order: lines.order(), steps: [], voice: undefined };
  if (closedWith !== undefined) whole.end(closedWith.reason);
  if (!whole.signal.aborted) {
    utterances.add(whole);
    whole.signal.addEventListener('abort', () => {
      utterances.delete(whole);
      leave(utterance);
      lines.utteranceOver();
    });
    utterance.voice = startAttempt(whole, () => begin(utterance, utterance.order[0] ?? 0));
  }
  const take = (step: Step): void => {
    if (whole.signal.aborted) return;
    utterance.steps?.push(step);
    if (utterance.voice !== undefined) ask(utterance.voice, step);
  };
  return {
    write: (text) => {
      take({ type: 'write', text });
    },
    flush: () => {
      take({ type: 'flush' });
    },
    end: () => {
      take({ type: 'end' });
    },
    [Symbol.asyncIterator]: readOnce(() => read(utterance)),
  };
}

function begin({ chain, options, whole }: Utterance, index: number): Voice {
  const line = chain.lines.take(index);
  const attempt = createAttempt(whole.signal);
  try {
    const voice = voiceOf(chain.members[index], chain.members[0], options);
    const utterance = line.session.speak({ ...options, voice, signal: attempt.signal });
    return { line, attempt, utterance };
  } catch (error) {
    attempt.end();
    chain.lines.giveBack(line);
    throw error;
  }
}

function ask({ utterance }: Voice, step: Step): void {
  if (step.type === 'write') utterance.write(step.text);
  else if (step.type === 'flush') utterance.flush();
  else utterance.end();
}

/** The voice of now is done with, well or not. */
function leave(utterance: Utterance, failure?: ReturnType<typeof asVoiceError>): void {
  const { voice, chain } = utterance;
  utterance.voice = undefined;
  if (voice === undefined) return;
  voice.attempt.end();
  chain.lines.giveBack(voice.line, failure);
}

async function* read(utterance: Utterance): AsyncGenerator<TtsEvent> {
  const { chain, whole, order } = utterance;
  const attempts = createAttempts('tts', chain.request.onAttempt);
  try {
    for (const [place, index] of order.entries()) {
      const member = chain.members[index];
      if (member === undefined) return;
      const result = { hasAudio: false };
      try {
        whole.signal.throwIfAborted();
        if (place > 0) startOver(utterance, index);
        if (utterance.voice !== undefined) yield* pass(utterance, utterance.voice, member, attempts, result);
        return;
      } catch (error) {
        if (whole.signal.aborted) throw whole.signal.reason;
        const failure = asVoiceError(error, member.provider, 'tts');
        leave(utterance, failure);
        const isLast = place === order.length - 1;
        attempts.failed(member.provider, failure, !result.hasAudio && !isLast);
        if (result.hasAudio) throw failure;
        if (isLast) throw attempts.failure() ?? failure;
      }
    }
  } finally {
    whole.end();
  }
}

function startOver(utterance: Utterance, index: number): void {
  const voice = begin(utterance, index);
  utterance.voice = voice;
  for (const step of utterance.steps ?? []) ask(voice, step);
}

/** Words wait for the audio they are about: nothing of a voice that says nothing is told. */
async function* pass(
  utterance: Utterance,
  voice: Voice,
  member: TtsAdapter,
  attempts: Attempts,
  result: { hasAudio: boolean },
): AsyncGenerator<TtsEvent> {
  const { request } = utterance.chain;
  const converter = createConverter(voice.line.format, request.format);
  const held: TtsEvent[] = [];
  for await (const event of voice.utterance) {
    if (event.type === 'words') {
      if (result.hasAudio) yield event;
      else held.push(event);
      continue;
    }
    const audio = converter.push(event.audio);
    if (!result.hasAudio && event.audio.byteLength > 0) {
      result.hasAudio = true;
      utterance.steps = undefined;
      attempts.used(member.provider);
      yield* held;
    }
    if (audio.byteLength > 0) yield { type: 'audio', audio };
  }
  const rest = converter.flush();
  if (rest.byteLength > 0) yield { type: 'audio', audio: rest };
}
