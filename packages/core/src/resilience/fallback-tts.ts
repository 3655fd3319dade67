// A chain of voices as one: when one fails, the next goes on with the first word whose audio was not wholly delivered.
import { createConverter } from '../audio/convert.js';
import { durationMs, silence } from '../audio/format.js';
import { systemClock } from '../clock/system-clock.js';
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
import type { Urgency } from './budgets.js';
import {
  asVoiceError,
  chainHealthKey,
  createAttempts,
  lowest,
  primaryOf,
  providersOf,
  type Attempts,
} from './chain.js';
import { chainSettings, type ChainOptions, type ChainSettings } from './chain-options.js';
import { voiceOf } from './member-voice.js';
import { readOnce } from './read-stream.js';
import { createRoute, nobodyLeft, type Route, type Stop } from './route.js';
import { sleep } from './sleep.js';
import { countLetters } from './tts-completeness.js';
import { createTtsLines, type TtsLine, type TtsLines } from './tts-lines.js';
import { createTtsTail, type TtsTail } from './tts-tail.js';

/**
 * Formats are the primary's: what another member speaks is converted. Other capabilities are those every member has. `voices`
 * names each provider's own voice; a single `voice` is the primary's, and members of other providers speak with the voice of
 * their settings. Where somebody could go on but words have no times, `textStreaming` is false: then an utterance is one
 * clause, and no more than that is said twice. A voice that took over stays for the session.
 */
export function fallbackTts(members: readonly TtsAdapter[], options: ChainOptions = {}): TtsAdapter {
  const primary = primaryOf(members, 'tts');
  const settings = chainSettings(options);
  const each = members.map(({ capabilities }) => capabilities);
  const wordTimings = each.every((capabilities) => capabilities.wordTimings);
  return {
    kind: 'tts',
    specVersion: 1,
    provider: primary.provider,
    healthKey: chainHealthKey(members),
    capabilities: {
      formats: primary.capabilities.formats,
      wordTimings,
      textStreaming:
        (wordTimings || members.length === 1) && each.every(({ textStreaming }) => textStreaming),
      concurrentUtterances: Math.min(...each.map(({ concurrentUtterances }) => concurrentUtterances)),
      idleLimitMs: lowest(each.map(({ idleLimitMs }) => idleLimitMs)),
    },
    members: providersOf(members),
    connect: (request) => connectChain(members, request, settings),
  };
}

interface Chain {
  readonly members: readonly TtsAdapter[];
  readonly request: TtsRequest;
  readonly settings: ChainSettings;
  readonly lines: TtsLines;
  readonly utterances: Set<Attempt>;
  readonly maxUtterances: number;
}

function connectChain(
  members: readonly TtsAdapter[],
  request: TtsRequest,
  settings: ChainSettings,
): TtsSession {
  const utterances = new Set<Attempt>();
  let closedWith: { readonly reason: unknown } | undefined;
  const lines = createTtsLines({
    members,
    request,
    health: settings.health,
    isInUse: () => utterances.size > 0,
    onClose: (reason) => {
      closedWith = { reason };
      for (const utterance of utterances) utterance.end(reason);
    },
  });
  const maxUtterances = Math.min(...members.map(({ capabilities }) => capabilities.concurrentUtterances));
  const chain: Chain = { members, request, settings, lines, utterances, maxUtterances };
  return {
    ready: lines.ready,
    closed: lines.closed,
    speak: (options) => speak(chain, options, closedWith),
    close: lines.close,
  };
}

type Step = { readonly type: 'write'; readonly text: string } | { readonly type: 'flush' | 'end' };

/** One member's try at an utterance. */
interface Voice {
  readonly line: TtsLine;
  readonly attempt: Attempt;
  readonly utterance: TtsUtterance;
  readonly tail: TtsTail;
  /** Where it began: in the text, and in the audio. */
  readonly fromText: number;
  readonly fromMs: number;
}

interface Utterance {
  readonly chain: Chain;
  readonly options: SpeakOptions;
  readonly whole: Attempt;
  readonly route: Route<TtsAdapter>;
  readonly first: Stop<TtsAdapter> | undefined;
  /** What was asked so far, to be asked of whoever takes over. */
  text: string;
  flushedTo: number;
  hasEnded: boolean;
  /** When it was first told to speak what it had: until then it waits for a model, not for a voice. */
  askedAtMs: number | undefined;
  voice: Voice | undefined;
  /** Text before it is in audio that was delivered. */
  saidTo: number;
  deliveredMs: number;
}

function speak(
  chain: Chain,
  options: SpeakOptions,
  closedWith: { readonly reason: unknown } | undefined,
): TtsUtterance {
  const { utterances, maxUtterances, lines, members, settings } = chain;
  if (utterances.size >= maxUtterances) {
    throw new ProviderError({
      class: 'capacity',
      provider: members[0]?.provider ?? 'none',
      stage: 'tts',
      message: `No more than ${maxUtterances} utterances at once.`,
    });
  }
  const whole = createAttempt(options.signal);
  if (closedWith !== undefined) whole.end(closedWith.reason);
  const route = createRoute(members, settings, lines.order());
  const utterance: Utterance = {
    chain,
    options,
    whole,
    route,
    first: whole.signal.aborted ? undefined : route.next(),
    text: '',
    flushedTo: 0,
    hasEnded: false,
    askedAtMs: undefined,
    voice: undefined,
    saidTo: 0,
    deliveredMs: 0,
  };
  const { first } = utterance;
  if (!whole.signal.aborted) {
    utterances.add(whole);
    whole.signal.addEventListener('abort', () => {
      utterances.delete(whole);
      leave(utterance);
      first?.lease.release();
      lines.utteranceOver();
    });
    if (first !== undefined) startAttempt(whole, () => begin(utterance, first));
  }
  return {
    write: (text) => {
      take(utterance, { type: 'write', text });
    },
    flush: () => {
      take(utterance, { type: 'flush' });
    },
    end: () => {
      take(utterance, { type: 'end' });
    },
    [Symbol.asyncIterator]: readOnce(() => read(utterance)),
  };
}

function take(utterance: Utterance, step: Step): void {
  if (utterance.whole.signal.aborted || utterance.hasEnded) return;
  if (step.type === 'write') utterance.text += step.text;
  else if (step.type === 'flush') utterance.flushedTo = utterance.text.length;
  else utterance.hasEnded = true;
  if (step.type !== 'write' && utterance.text !== '') {
    utterance.askedAtMs ??= (utterance.chain.request.clock ?? systemClock).now();
  }
  if (utterance.voice !== undefined) ask(utterance.voice, step);
}

/** Starts with whatever is to be said and was not; the rest comes as it is written. */
function begin(utterance: Utterance, { member, index, lease, isLastResort }: Stop<TtsAdapter>): void {
  const { chain, options, whole, text, flushedTo, hasEnded, deliveredMs } = utterance;
  const { lines, members } = chain;
  const line = lines.take(index);
  const attempt = createAttempt(whole.signal);
  try {
    const voice = voiceOf(member, members[0], options);
    const isHeld = members.length > 1 && member.capabilities.wordTimings;
    const spoken: SpeakOptions & Urgency = { ...options, voice, signal: attempt.signal, isLastResort };
    const fromText = utterance.saidTo + silentLength(text.slice(utterance.saidTo));
    utterance.voice = {
      line,
      attempt,
      utterance: line.session.speak(spoken),
      tail: createTtsTail(line.format, isHeld),
      fromText,
      fromMs: deliveredMs > 0 ? deliveredMs + joinMs : 0,
    };
    if (fromText < text.length) ask(utterance.voice, { type: 'write', text: text.slice(fromText) });
    if (flushedTo > fromText) ask(utterance.voice, { type: 'flush' });
    if (hasEnded) ask(utterance.voice, { type: 'end' });
  } catch (error) {
    attempt.end();
    lines.giveBack(line);
    throw error;
  }
  // Its failure must not be heard: whoever would take over is connected before (fault T-08).
  if (lease.isProbe) lines.warm((index + 1) % members.length);
}

/** Two voices need a breath between them, or two words run into one. */
const joinMs = 80;

/** The end of a sentence belongs to the word before it. */
const silentLength = (text: string): number => /^[\s.,;:!?…)\]»”]*/u.exec(text)?.[0].length ?? 0;

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
  const { chain, whole, route, first } = utterance;
  const { members, request } = chain;
  const attempts = createAttempts('tts', request.onAttempt);
  try {
    whole.signal.throwIfAborted();
    for (let stop = first, next; stop !== undefined; stop = next) {
      try {
        if (stop.afterMs > 0) await sleep(request.clock ?? systemClock, stop.afterMs, whole.signal);
        if (stop !== first) begin(utterance, stop);
        if (utterance.voice !== undefined) yield* pass(utterance, utterance.voice, stop, attempts);
        return;
      } catch (error) {
        if (whole.signal.aborted) throw whole.signal.reason;
        const { provider } = stop.member;
        const failure = asVoiceError(error, provider, 'tts');
        const isSaid = settle(utterance);
        leave(utterance, failure);
        route.failed(stop, failure);
        next = isSaid === 'part' ? route.next() : undefined;
        attempts.failed(provider, failure, isSaid === 'all' || next !== undefined);
        if (isSaid === 'all') return;
        // Half of it was heard: the failure is the utterance's own, whoever was tried before.
        if (next === undefined && utterance.deliveredMs > 0) throw failure;
      } finally {
        stop.lease.release();
      }
    }
    throw attempts.failure() ?? nobodyLeft('tts', members);
  } finally {
    whole.end();
  }
}

/** How far the voice came. Alone in its chain, and with words whose times nobody knows, it can't go on: all would be repeated. */
function settle(utterance: Utterance): 'all' | 'part' | 'nobody can tell' {
  const { voice, text, hasEnded, chain } = utterance;
  const said = voice?.tail.saidTo();
  if (voice !== undefined && said !== undefined) utterance.saidTo = voice.fromText + said;
  const isUnknown = voice !== undefined && said === undefined && voice.tail.audioMs() > 0;
  if (isUnknown && chain.members.length === 1) return 'nobody can tell';
  const isAll = utterance.saidTo > 0 && hasEnded && countLetters(text.slice(utterance.saidTo)) === 0;
  return isAll ? 'all' : 'part';
}

/** Words wait for the audio they are about: nothing of a voice that says nothing is told. */
async function* pass(
  utterance: Utterance,
  voice: Voice,
  { member, lease }: Stop<TtsAdapter>,
  attempts: Attempts,
): AsyncGenerator<TtsEvent> {
  const { request, settings } = utterance.chain;
  const { clock = systemClock } = request;
  const { tail, fromText, fromMs } = voice;
  const converter = createConverter(voice.line.format, request.format);
  const beganAtMs = clock.now();
  const held: TtsEvent[] = [];
  let isSlow: boolean | undefined;

  const deliver = (events: readonly TtsEvent[]): TtsEvent[] => {
    for (const event of events) {
      const moved = event.type === 'words' ? movedWords(event, fromText, fromMs) : converted(event.audio);
      if (moved !== undefined) held.push(moved);
    }
    return isSlow === undefined ? [] : held.splice(0);
  };
  const converted = (bytes: Uint8Array): TtsEvent | undefined => {
    const audio = converter.push(bytes);
    if (audio.byteLength === 0) return undefined;
    utterance.deliveredMs += durationMs(audio.byteLength, request.format);
    return { type: 'audio', audio };
  };

  for await (const event of voice.utterance) {
    if (isSlow === undefined && event.type === 'audio' && event.audio.byteLength > 0) {
      const { askedAtMs = Infinity } = utterance;
      isSlow = clock.now() - Math.max(beganAtMs, askedAtMs) > settings.slowMs.tts;
      attempts.used(member.provider);
      if (fromMs > 0) {
        utterance.deliveredMs = fromMs;
        utterance.options.onTakeover?.({ textStart: fromText, startMs: fromMs });
        yield { type: 'audio', audio: silence(joinMs, request.format) };
      }
    }
    yield* deliver(tail.push(event));
  }
  yield* deliver(tail.rest());
  const audio = converter.flush();
  if (audio.byteLength > 0) yield { type: 'audio', audio };
  // Nothing to say is no proof of anything.
  if (isSlow !== undefined) lease.succeed({ isSlow });
}

function movedWords(event: Extract<TtsEvent, { type: 'words' }>, fromText: number, fromMs: number): TtsEvent {
  if (fromText === 0 && fromMs === 0) return event;
  const words = event.words.map(({ textStart, textEnd, startMs, endMs }) => ({
    textStart: textStart + fromText,
    textEnd: textEnd + fromText,
    startMs: startMs + fromMs,
    endMs: endMs + fromMs,
  }));
  return { type: 'words', words };
}
