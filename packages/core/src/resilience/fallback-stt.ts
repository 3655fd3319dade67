// A chain of recognisers as one: the next member hears everything again when one fails before its first result.
import { canConvert, createConverter, type Converter } from '../audio/convert.js';
import { durationMs, isSameFormat } from '../audio/format.js';
import { systemClock } from '../clock/system-clock.js';
import type { AudioFormat } from '../spec/audio.js';
import type { Clock, TimerHandle } from '../spec/clock.js';
import type { SttAdapter, SttEvent, SttRequest, SttStream } from '../spec/stt.js';
import { chainHealthKey, createAttempts, primaryOf, readOnce } from './chain.js';
import { createAttemptSignal, type AttemptSignal } from './deadline.js';

/** How much audio is kept for a member that may have to take over. */
const keptMs = 30_000;
/** A backlog is sent in pieces of this length. */
const pieceMs = 100;

/** Formats are the primary's: what another member needs is converted. Other capabilities are those every member has. */
export function fallbackStt(members: readonly SttAdapter[]): SttAdapter {
  const primary = primaryOf(members, 'stt');
  const each = members.map(({ capabilities }) => capabilities);
  const all = (
    key: 'partials' | 'flush' | 'speechEvents' | 'turnEvents' | 'diarization' | 'keyterms',
  ): boolean => each.every((capabilities) => capabilities[key]);
  const timing = each.some((one) => one.timing === 'none')
    ? 'none'
    : each.some((one) => one.timing === 'segment')
      ? 'segment'
      : 'word';
  return {
    kind: 'stt',
    specVersion: 1,
    provider: primary.provider,
    healthKey: chainHealthKey(members),
    capabilities: {
      ...primary.capabilities,
      timing,
      partials: all('partials'),
      flush: all('flush'),
      speechEvents: all('speechEvents'),
      turnEvents: all('turnEvents'),
      diarization: all('diarization'),
      keyterms: all('keyterms'),
      maxReplayRate: Math.min(...each.map(({ maxReplayRate }) => maxReplayRate)),
    },
    open: (request) => openChain(members, request),
  };
}

/** What was asked of the stream, for whoever takes over. */
type Step =
  | { readonly type: 'audio'; readonly audio: Uint8Array }
  | { readonly type: 'flush' }
  | { readonly type: 'end' };

interface Chain {
  readonly members: readonly SttAdapter[];
  readonly request: SttRequest;
  readonly clock: Clock;
  readonly attempt: AttemptSignal;
  /** Everything since the start, until the first result makes it unnecessary. */
  steps: Step[] | undefined;
  keptBytesMs: number;
  /** Steps the current member has not been given yet. */
  backlog: Step[];
  current: { readonly stream: SttStream; readonly converter: Converter; readonly rate: number } | undefined;
  isCatchingUp: boolean;
  isReady: boolean;
  isOver: boolean;
  timer: TimerHandle | undefined;
}

function openChain(members: readonly SttAdapter[], request: SttRequest): SttStream {
  const attempt = createAttemptSignal(request.signal);
  const chain: Chain = {
    members,
    request: { ...request, signal: attempt.signal },
    clock: request.clock ?? systemClock,
    attempt,
    steps: [],
    keptBytesMs: 0,
    backlog: [],
    current: undefined,
    isCatchingUp: false,
    isReady: false,
    isOver: false,
    timer: undefined,
  };
  openMember(chain, members[0]);
  return {
    write: (audio) => {
      take(chain, { type: 'audio', audio });
    },
    flush: () => {
      take(chain, { type: 'flush' });
    },
    end: () => {
      take(chain, { type: 'end' });
    },
    [Symbol.asyncIterator]: readOnce(() => read(chain)),
  };
}

function take(chain: Chain, step: Step): void {
  if (chain.isOver) return;
  keep(chain, step);
  if (chain.isCatchingUp) chain.backlog.push(step);
  else give(chain, step);
}

function keep(chain: Chain, step: Step): void {
  const { steps, request } = chain;
  if (steps === undefined) return;
  steps.push(step);
  if (step.type === 'audio') chain.keptBytesMs += durationMs(step.audio.byteLength, request.format);
  while (chain.keptBytesMs > keptMs) {
    const oldest = steps.find((kept) => kept.type === 'audio');
    if (oldest === undefined) return;
    steps.splice(steps.indexOf(oldest), 1);
    chain.keptBytesMs -= durationMs(oldest.audio.byteLength, request.format);
  }
}

function give({ current }: Chain, step: Step): void {
  if (current === undefined) return;
  if (step.type === 'flush') current.stream.flush();
  else if (step.type === 'end') current.stream.end();
  else {
    const audio = current.converter.push(step.audio);
    if (audio.byteLength > 0) current.stream.write(audio);
  }
}

function openMember(chain: Chain, member: SttAdapter | undefined): SttStream | undefined {
  if (member === undefined) return undefined;
  const { request } = chain;
  const format = formatFor(member, request.format);
  const stream = member.open({ ...request, format });
  chain.current = {
    stream,
    converter: createConverter(request.format, format),
    rate: member.capabilities.maxReplayRate,
  };
  return stream;
}

function formatFor({ capabilities }: SttAdapter, given: AudioFormat): AudioFormat {
  const exact = capabilities.formats.find((format) => isSameFormat(format, given));
  return exact ?? capabilities.formats.find((format) => canConvert(given, format)) ?? given;
}

async function* read(chain: Chain): AsyncGenerator<SttEvent> {
  const { members, request } = chain;
  const attempts = createAttempts('stt', request.onAttempt);
  try {
    for (const [index, member] of members.entries()) {
      try {
        const stream = index === 0 ? chain.current?.stream : takeOver(chain, member);
        if (stream !== undefined)
          yield* pass(chain, stream, () => {
            attempts.used(member.provider);
          });
        return;
      } catch (error) {
        if (request.signal.aborted) throw error;
        attempts.failed(member.provider, error, chain.steps === undefined || index === members.length - 1);
      }
    }
  } finally {
    chain.isOver = true;
    chain.clock.clearTimeout(chain.timer);
    chain.attempt.release();
    chain.attempt.abort();
  }
}

/** The first result makes what was kept unnecessary; `ready` is said once, whoever is ready. */
async function* pass(chain: Chain, stream: SttStream, onReady: () => void): AsyncGenerator<SttEvent> {
  for await (const event of stream) {
    if (event.type === 'ready') {
      onReady();
      if (chain.isReady) continue;
      chain.isReady = true;
    } else if (event.type === 'partial' || event.type === 'final') chain.steps = undefined;
    yield event;
  }
}

function takeOver(chain: Chain, member: SttAdapter): SttStream | undefined {
  const stream = openMember(chain, member);
  chain.backlog = [...(chain.steps ?? [])];
  chain.isCatchingUp = true;
  catchUp(chain, stream);
  return stream;
}

/** Gives the backlog at most at the member's replay rate; what is said meanwhile queues behind it. */
function catchUp(chain: Chain, stream: SttStream | undefined): void {
  const { current, clock, request } = chain;
  if (current === undefined || current.stream !== stream || chain.isOver) return;
  const { format } = request;
  let givenMs = 0;
  while (givenMs < pieceMs) {
    const step = chain.backlog.shift();
    if (step === undefined) {
      chain.isCatchingUp = false;
      return;
    }
    give(chain, step);
    if (step.type === 'audio') givenMs += durationMs(step.audio.byteLength, format);
  }
  chain.timer = clock.setTimeout(() => {
    catchUp(chain, stream);
  }, givenMs / current.rate);
}
