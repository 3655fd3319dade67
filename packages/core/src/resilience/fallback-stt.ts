// A chain of recognisers as one: the next member hears everything again when one fails before its first result.
import { createConverter, type Converter } from '../audio/convert.js';
import { durationMs } from '../audio/format.js';
import { systemClock } from '../clock/system-clock.js';
import { isVoiceError } from '../errors/voice-error.js';
import type { AudioFormat } from '../spec/audio.js';
import type { Clock, TimerHandle } from '../spec/clock.js';
import type { SttAdapter, SttCapabilities, SttEvent, SttRequest, SttStream } from '../spec/stt.js';
import { createAttempt, startAttempt, type Attempt } from './attempt.js';
import { chainHealthKey, closestFormat, createAttempts, lowest, primaryOf } from './chain.js';
import { readOnce } from './read-stream.js';
import { createReplayRing, type ReplayRing, type SttStep } from './replay-ring.js';
import { shiftTimes } from './shift-times.js';

/** How much audio is kept for a member that may have to take over. */
const keptMs = 30_000;
/** A backlog is sent in pieces of this length. */
const pieceMs = 100;

/** Formats and languages are the primary's: what another member needs is converted. The rest is what every member has. */
export function fallbackStt(members: readonly SttAdapter[]): SttAdapter {
  const primary = primaryOf(members, 'stt');
  return {
    kind: 'stt',
    specVersion: 1,
    provider: primary.provider,
    healthKey: chainHealthKey(members),
    capabilities: capabilitiesOf(
      primary,
      members.map(({ capabilities }) => capabilities),
    ),
    open: (request) => openChain(members, request),
  };
}

function capabilitiesOf(primary: SttAdapter, each: readonly SttCapabilities[]): SttCapabilities {
  const all = (
    key: 'partials' | 'flush' | 'speechEvents' | 'turnEvents' | 'diarization' | 'keyterms',
  ): boolean => each.every((capabilities) => capabilities[key]);
  const timings = ['none', 'segment', 'word'] as const;
  return {
    ...primary.capabilities,
    timing: timings.find((timing) => each.some((one) => one.timing === timing)) ?? 'none',
    partials: all('partials'),
    flush: all('flush'),
    speechEvents: all('speechEvents'),
    turnEvents: all('turnEvents'),
    diarization: all('diarization'),
    keyterms: all('keyterms'),
    maxReplayRate: Math.min(...each.map(({ maxReplayRate }) => maxReplayRate)),
    idleLimitMs: lowest(each.map(({ idleLimitMs }) => idleLimitMs)),
    sessionLimitMs: lowest(each.map(({ sessionLimitMs }) => sessionLimitMs)),
  };
}

interface Current {
  readonly stream: SttStream;
  readonly attempt: Attempt;
  readonly converter: Converter;
  readonly replayRate: number;
  /** Where its first byte lies in the chain's stream. */
  readonly startMs: number;
}

interface Chain {
  readonly members: readonly SttAdapter[];
  readonly request: SttRequest;
  readonly clock: Clock;
  /** Until the first result makes it unnecessary; a chain of one has nobody to keep it for. */
  readonly ring: ReplayRing | undefined;
  current: Current;
  /** What the current member has not been given yet; undefined once it has caught up. */
  backlog: SttStep[] | undefined;
  timer: TimerHandle | undefined;
  hasResult: boolean;
  isReady: boolean;
  isSpeaking: boolean;
  /** No more steps are taken: the giver said so, or it is over. */
  hasEnded: boolean;
}

function openChain(members: readonly SttAdapter[], request: SttRequest): SttStream {
  const chain: Chain = {
    members,
    request,
    clock: request.clock ?? systemClock,
    ring: members.length > 1 ? createReplayRing(request.format, keptMs) : undefined,
    // The chain's formats are the primary's, who says itself what it does not take.
    current: openMember(primaryOf(members, 'stt'), request, request.format, 0),
    backlog: undefined,
    timer: undefined,
    hasResult: false,
    isReady: false,
    isSpeaking: false,
    hasEnded: false,
  };
  return {
    write: (audio) => {
      take(chain, { type: 'audio', audio });
    },
    flush: () => {
      take(chain, { type: 'flush' });
    },
    end: () => {
      take(chain, { type: 'end' });
      chain.hasEnded = true;
    },
    [Symbol.asyncIterator]: readOnce(() => read(chain)),
  };
}

function openMember(member: SttAdapter, request: SttRequest, format: AudioFormat, startMs: number): Current {
  const attempt = createAttempt(request.signal);
  return {
    stream: startAttempt(attempt, (signal) => member.open({ ...request, format, signal })),
    attempt,
    converter: createConverter(request.format, format),
    replayRate: member.capabilities.maxReplayRate,
    startMs,
  };
}

function take(chain: Chain, step: SttStep): void {
  if (chain.hasEnded) return;
  if (!chain.hasResult) chain.ring?.push(step);
  if (chain.backlog === undefined) give(chain.current, step);
  else chain.backlog.push(step);
}

function give({ stream, converter }: Current, step: SttStep): void {
  const write = (audio: Uint8Array): void => {
    if (audio.byteLength > 0) stream.write(audio);
  };
  switch (step.type) {
    case 'audio':
      write(converter.push(step.audio));
      return;
    case 'flush':
      stream.flush();
      return;
    case 'end':
      write(converter.flush());
      stream.end();
  }
}

async function* read(chain: Chain): AsyncGenerator<SttEvent> {
  const { members, request } = chain;
  const attempts = createAttempts('stt', request.onAttempt);
  try {
    for (const [index, member] of members.entries()) {
      try {
        if (index > 0) takeOver(chain, member);
        for await (const event of chain.current.stream) {
          if (event.type === 'ready') attempts.used(member.provider);
          if (isNew(chain, event)) yield shiftTimes(event, chain.current.startMs);
        }
        return;
      } catch (error) {
        // An idle close is nobody's failure: whoever has more to say opens a new stream.
        if (request.signal.aborted || (isVoiceError(error) && error.class === 'idle')) throw error;
        const isLast = index === members.length - 1;
        attempts.failed(member.provider, error, { hasResult: chain.hasResult, isLast });
      }
    }
  } finally {
    chain.hasEnded = true;
    chain.clock.clearTimeout(chain.timer);
    chain.current.attempt.end();
  }
}

/** `ready` and the beginning of speech are told once, whoever tells them; the first result ends the keeping. */
function isNew(chain: Chain, { type }: SttEvent): boolean {
  switch (type) {
    case 'ready': {
      const isFirst = !chain.isReady;
      chain.isReady = true;
      return isFirst;
    }
    case 'speech-start': {
      const isFirst = !chain.isSpeaking;
      chain.isSpeaking = true;
      return isFirst;
    }
    case 'speech-end':
      chain.isSpeaking = false;
      return true;
    case 'partial':
    case 'final':
      chain.hasResult = true;
      chain.ring?.clear();
      return true;
    default:
      return true;
  }
}

function takeOver(chain: Chain, member: SttAdapter): void {
  chain.current.attempt.end();
  chain.clock.clearTimeout(chain.timer);
  const { steps = [], droppedMs = 0 } = chain.ring ?? {};
  const format = closestFormat(member.capabilities.formats, chain.request.format);
  chain.current = openMember(member, chain.request, format, droppedMs);
  chain.backlog = [...steps];
  catchUp(chain, chain.backlog);
}

/** Gives the backlog at most at the member's replay rate; what is said meanwhile queues behind it. */
function catchUp(chain: Chain, backlog: SttStep[]): void {
  const { current, clock, request } = chain;
  let givenMs = 0;
  while (givenMs < pieceMs) {
    const step = backlog.shift();
    if (step === undefined) {
      chain.backlog = undefined;
      return;
    }
    give(current, step);
    if (step.type === 'audio') givenMs += durationMs(step.audio.byteLength, request.format);
  }
  chain.timer = clock.setTimeout(() => {
    catchUp(chain, backlog);
  }, givenMs / current.replayRate);
}
