// A chain of voices as one: the next member says the whole utterance when one fails before its first audio.
import type { AudioFormat } from '../spec/audio.js';
import type { VoiceError } from '../spec/error.js';
import type {
  SpeakOptions,
  TtsAdapter,
  TtsEvent,
  TtsRequest,
  TtsSession,
  TtsUtterance,
} from '../spec/tts.js';
import { canConvert, createConverter } from '../audio/convert.js';
import { isSameFormat } from '../audio/format.js';
import { chainHealthKey, createAttempts, primaryOf, readOnce } from './chain.js';
import { createAttemptSignal, type AttemptSignal } from './deadline.js';

/** Formats are the primary's: what another member speaks is converted. Other capabilities are those every member has. */
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
    connect: (request) => connectChain(members, request),
  };
}

function lowest(limits: readonly (number | undefined)[]): number | undefined {
  const known = limits.filter((limit) => limit !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

interface Chain {
  readonly members: readonly TtsAdapter[];
  readonly request: TtsRequest;
  readonly sessions: Map<number, TtsSession>;
  isClosed: boolean;
}

function connectChain(members: readonly TtsAdapter[], request: TtsRequest): TtsSession {
  const chain: Chain = { members, request, sessions: new Map(), isClosed: false };
  let resolveClosed: (error: VoiceError | undefined) => void = () => undefined;
  const closed = new Promise<VoiceError | undefined>((resolve) => {
    resolveClosed = resolve;
  });
  const close = (): void => {
    if (chain.isClosed) return;
    chain.isClosed = true;
    request.signal.removeEventListener('abort', close);
    for (const session of chain.sessions.values()) session.close();
    resolveClosed(undefined);
  };
  request.signal.addEventListener('abort', close);
  const first = sessionOf(chain, 0);
  return {
    // The chain stands as long as one member may still answer: only an utterance can tell.
    ready: first?.ready.catch(() => undefined) ?? Promise.resolve(),
    closed,
    speak: (options) => speakChain(chain, options),
    close,
  };
}

function sessionOf(chain: Chain, index: number): TtsSession | undefined {
  const open = chain.sessions.get(index);
  const member = chain.members[index];
  if (open !== undefined || member === undefined || chain.isClosed) return open;
  const session = member.connect({ ...chain.request, format: formatFor(member, chain.request.format) });
  session.ready.catch(() => undefined);
  chain.sessions.set(index, session);
  void session.closed.then(() => {
    if (chain.sessions.get(index) === session) chain.sessions.delete(index);
  });
  return session;
}

function formatFor({ capabilities }: TtsAdapter, wanted: AudioFormat): AudioFormat {
  const exact = capabilities.formats.find((format) => isSameFormat(format, wanted));
  return exact ?? capabilities.formats.find((format) => canConvert(format, wanted)) ?? wanted;
}

/** What was asked of an utterance, to be asked of the next member as well. */
type Step = { readonly type: 'write'; readonly text: string } | { readonly type: 'flush' | 'end' };

interface Utterance {
  readonly chain: Chain;
  readonly options: SpeakOptions;
  readonly attempt: AttemptSignal;
  readonly steps: Step[];
  current: TtsUtterance | undefined;
}

function speakChain(chain: Chain, options: SpeakOptions): TtsUtterance {
  const attempt = createAttemptSignal(options.signal);
  const utterance: Utterance = {
    chain,
    options: { ...options, signal: attempt.signal },
    attempt,
    steps: [],
    current: undefined,
  };
  // The first member's own refusal (`capacity`) is the caller's to see.
  utterance.current = sessionOf(chain, 0)?.speak(utterance.options);
  const take = (step: Step): void => {
    utterance.steps.push(step);
    if (utterance.current !== undefined) repeat(utterance.current, step);
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

function repeat(utterance: TtsUtterance, step: Step): void {
  if (step.type === 'write') utterance.write(step.text);
  else if (step.type === 'flush') utterance.flush();
  else utterance.end();
}

async function* read(utterance: Utterance): AsyncGenerator<TtsEvent> {
  const { chain } = utterance;
  const attempts = createAttempts('tts', chain.request.onAttempt);
  try {
    for (const [index, member] of chain.members.entries()) {
      let hasAudio = false;
      try {
        const current = index === 0 ? utterance.current : startOver(utterance, index);
        if (current === undefined) return;
        yield* pass(chain, member, current, () => {
          if (!hasAudio) attempts.used(member.provider);
          hasAudio = true;
        });
        return;
      } catch (error) {
        if (utterance.options.signal.aborted) throw error;
        attempts.failed(member.provider, error, hasAudio || index === chain.members.length - 1);
      }
    }
  } finally {
    utterance.attempt.release();
    utterance.attempt.abort();
  }
}

function startOver(utterance: Utterance, index: number): TtsUtterance | undefined {
  const next = sessionOf(utterance.chain, index)?.speak(utterance.options);
  utterance.current = next;
  if (next !== undefined) for (const step of utterance.steps) repeat(next, step);
  return next;
}

async function* pass(
  chain: Chain,
  member: TtsAdapter,
  from: TtsUtterance,
  onAudio: () => void,
): AsyncGenerator<TtsEvent> {
  const converter = createConverter(formatFor(member, chain.request.format), chain.request.format);
  for await (const event of from) {
    if (event.type === 'audio') onAudio();
    yield event.type === 'audio' ? { type: 'audio', audio: converter.push(event.audio) } : event;
  }
  const rest = converter.flush();
  if (rest.byteLength > 0) yield { type: 'audio', audio: rest };
}
