// Recognisers that take turns at one stream: who listens now, who takes over, and when somebody is returned to.
import { systemClock } from '../clock/system-clock.js';
import { ProviderError } from '../errors/provider-error.js';
import { isVoiceError } from '../errors/voice-error.js';
import { createEventQueue, type EventQueue } from '../kit/event-queue.js';
import type { Clock } from '../spec/clock.js';
import type { SttAdapter, SttEvent, SttRequest, SttStream } from '../spec/stt.js';
import { asVoiceError, closestFormat, createAttempts, type Attempts } from './chain.js';
import type { ChainSettings } from './chain-options.js';
import { createDeadline, type Deadline } from './deadline.js';
import { isLease } from './health.js';
import { joined } from './joined.js';
import { createReplayRing, type ReplayRing, type SttStep } from './replay-ring.js';
import { createRoute, nobodyLeft, type Route, type Stop } from './route.js';
import { openSttMember, type SttMember } from './stt-member.js';

/** How much audio is kept for whoever has to take over. */
const keptMs = 30_000;
/** Recognisers are changed in a pause of this length, with everything before it settled. */
const pauseMs = 300;
/** After a failure a member is not returned to by this stream for so long; twice as long after each one more. */
const returnAfterMs = 2_000;
/** So long before a provider ends a session by itself the next is opened in a pause, and so long before in any case. */
const rollOver = { inPauseMs: 60_000, atOnceMs: 5_000 };

interface Relay {
  readonly members: readonly SttAdapter[];
  readonly request: SttRequest;
  readonly settings: ChainSettings;
  readonly clock: Clock;
  readonly ring: ReplayRing;
  readonly events: EventQueue<SttEvent>;
  /** Who is listened to; nobody while a last try is waited for. */
  current: SttMember | undefined;
  /** Who was listened to before, connected until its successor has proved itself. */
  warm: SttMember | undefined;
  /** Who is to be listened to as soon as it is ready and nobody speaks; given nothing yet. */
  coming: SttMember | undefined;
  /** Of events before it somebody else told already. */
  joinMs: number;
  /** Since somebody last proved to be there. */
  route: Route<SttAdapter>;
  attempts: Attempts;
  readonly lastTry: Deadline;
  next: Stop<SttAdapter> | undefined;
  settledMs: number;
  /** Since when nobody speaks. */
  quietSinceMs: number;
  isReady: boolean;
  isSpeaking: boolean;
  /** No more steps are taken: the giver said so, or it is over. */
  hasEnded: boolean;
  /** By place in the chain: when it may be returned to. */
  readonly returns: Map<number, { readonly notBeforeMs: number; readonly restMs: number }>;
  /** The reader is behind: nobody is read until this is called. */
  resume: (() => void) | undefined;
}

/** Throws what opening the first member throws: the chain's formats are the primary's, who says itself what it does not take. */
export function openSttRelay(
  members: readonly SttAdapter[],
  request: SttRequest,
  settings: ChainSettings,
): SttStream {
  const { clock = systemClock } = request;
  const relay: Relay = {
    members,
    request,
    settings,
    clock,
    ring: createReplayRing({ format: request.format, maxMs: keptMs }),
    events: createEventQueue<SttEvent>({
      signal: request.signal,
      onFull: () => (relay.resume = () => undefined),
      onDrained: () => {
        relay.resume?.();
        relay.resume = undefined;
      },
      onCancel: () => {
        close(relay);
      },
    }),
    current: undefined,
    warm: undefined,
    coming: undefined,
    joinMs: 0,
    route: createRoute(members, settings),
    attempts: createAttempts('stt', request.onAttempt),
    lastTry: createDeadline(clock, () => {
      if (relay.next !== undefined) takeOver(relay, relay.next);
    }),
    next: undefined,
    settledMs: 0,
    quietSinceMs: 0,
    isReady: false,
    isSpeaking: false,
    hasEnded: false,
    returns: new Map(),
    resume: undefined,
  };
  if (!relay.events.isOver) begin(relay);
  return {
    write: (audio) => {
      if (!relay.hasEnded) hear(relay, audio);
    },
    flush: () => {
      if (!relay.hasEnded) mark(relay, 'flush');
    },
    end: () => {
      if (relay.hasEnded) return;
      relay.hasEnded = true;
      mark(relay, 'end');
    },
    [Symbol.asyncIterator]: () => relay.events[Symbol.asyncIterator](),
  };
}

function begin(relay: Relay): void {
  const stop = relay.route.next();
  if (stop === undefined) {
    relay.events.fail(nobodyLeft('stt', relay.members));
    close(relay);
    return;
  }
  try {
    relay.current = open(relay, stop, 0);
  } catch (error) {
    stop.lease.release();
    close(relay);
    relay.events.finish();
    throw error;
  }
}

function close(relay: Relay): void {
  relay.hasEnded = true;
  relay.lastTry.cancel();
  relay.next?.lease.release();
  relay.current?.leave();
  relay.warm?.leave();
  relay.coming?.leave();
  relay.next = relay.current = relay.warm = relay.coming = undefined;
  relay.resume?.();
  relay.ring.clear();
}

function open(relay: Relay, stop: Stop<SttAdapter>, startMs: number): SttMember {
  const { request, clock } = relay;
  const { format } = request;
  const member = openSttMember(
    {
      stop,
      request,
      clock,
      format: stop.index === 0 ? format : closestFormat(stop.member.capabilities.formats, format),
      whenTaken: () =>
        relay.resume === undefined
          ? Promise.resolve()
          : new Promise((resolve) => {
              const before = relay.resume;
              relay.resume = () => {
                before?.();
                resolve();
              };
            }),
      onEvent: (event) => {
        if (relay.current === member) take(relay, member, event);
      },
      onOver: (failure) => {
        over(relay, member, failure);
      },
    },
    startMs,
  );
  return member;
}

function hear(relay: Relay, audio: Uint8Array): void {
  const { ring, request, current } = relay;
  const isSpeech = request.isSpeech();
  const atMs = ring.endMs();
  ring.audio(audio, isSpeech);
  current?.give({ type: 'audio', atMs, endMs: ring.endMs(), audio, isSpeech });
  if (isSpeech) relay.quietSinceMs = ring.endMs();
  const isQuiet = ring.endMs() - relay.quietSinceMs >= pauseMs && !ring.hasSpeech();
  if (current !== undefined) change(relay, current, isQuiet);
}

function mark({ ring, current }: Relay, type: 'flush' | 'end'): void {
  ring.mark(type);
  current?.give({ type, atMs: ring.endMs() });
}

/** To a member that stands before this one in the chain, or to a new session before this one has to end. */
function change(relay: Relay, current: SttMember, isQuiet: boolean): void {
  const { warm, coming, clock } = relay;
  if (warm !== undefined) return;
  const { sessionLimitMs = Infinity } = current.stop.member.capabilities;
  const leftMs = current.openedAtMs + sessionLimitMs - clock.now();
  const ahead = Math.min(rollOver.inPauseMs, sessionLimitMs / 4);
  const isUrgent = leftMs <= Math.min(rollOver.atOnceMs, ahead);
  if (coming !== undefined) {
    if (coming.isReady() && (isQuiet || isUrgent)) listenTo(relay, coming);
  } else if (isUrgent || (isQuiet && leftMs <= ahead)) {
    prepare(relay, current.stop.index);
  } else if (isQuiet) {
    for (let index = 0; index < current.stop.index; index += 1) if (prepare(relay, index)) return;
  }
}

/** Connects it, and goes on listening to who is there: one that hangs costs the caller nothing. */
function prepare(relay: Relay, index: number): boolean {
  const { members, settings, returns, clock, ring } = relay;
  const member = members[index];
  if (member === undefined || clock.now() < (returns.get(index)?.notBeforeMs ?? 0)) return false;
  const lease = settings.health.acquire(member);
  if (!isLease(lease)) return false;
  const stop = { member, index, lease, afterMs: 0, isLastResort: false };
  try {
    relay.coming = open(relay, stop, ring.endMs());
  } catch (error) {
    stayedAway(relay, stop, error);
  }
  return true;
}

function listenTo(relay: Relay, member: SttMember): void {
  relay.warm = relay.current;
  relay.coming = undefined;
  relay.attempts.used(member.stop.member.provider);
  becomeCurrent(relay, member);
}

/** It is given what is not settled, and heard from there on. */
function becomeCurrent(relay: Relay, member: SttMember): void {
  relay.current = member;
  relay.joinMs = relay.settledMs;
  member.catchUp(stepsFor(relay, member.stop));
}

/** Words that are settled are known by their times; without times nobody may hear them again. */
function stepsFor({ ring, settledMs }: Relay, { member }: Stop<SttAdapter>): readonly SttStep[] {
  return ring.stepsFrom(member.capabilities.timing === 'word' ? undefined : settledMs);
}

function takeOver(relay: Relay, stop: Stop<SttAdapter>): void {
  relay.next = undefined;
  const first = stepsFor(relay, stop).find(({ type }) => type === 'audio');
  let member: SttMember;
  try {
    member = open(relay, stop, first?.atMs ?? relay.ring.endMs());
  } catch (error) {
    failed(relay, stop, error);
    return;
  }
  becomeCurrent(relay, member);
}

function take(relay: Relay, member: SttMember, event: SttEvent): void {
  const { events, ring, request, joinMs } = relay;
  const news = joinMs > 0 ? joined(event, joinMs) : event;
  if (event.type === 'ready') {
    relay.attempts.used(member.stop.member.provider);
    if (relay.isReady) return;
    relay.isReady = true;
  }
  if (event.type === 'speech-start') {
    if (relay.isSpeaking) return;
    relay.isSpeaking = true;
  }
  if (event.type === 'speech-end') relay.isSpeaking = false;
  if (news === undefined) return;
  if (news.type === 'final') {
    // Times that are not to be trusted settle nothing: then our own pauses do, up to what it has been given.
    const isTimed = member.stop.member.capabilities.timing !== 'none';
    const pauseAtMs = request.isSpeech() ? ring.openSpeechMs() : ring.endMs();
    const settledMs = isTimed ? news.settledMs : Math.min(member.givenMs(), pauseAtMs);
    relay.settledMs = Math.max(relay.settledMs, settledMs);
    ring.settle(relay.settledMs);
    if (news.text !== '') proved(relay, member);
  }
  events.push(news);
}

/** A unit of work is done: nobody has to stand by any more, and what failed before is over. */
function proved(relay: Relay, member: SttMember): void {
  const { members, settings, request, warm } = relay;
  member.stop.lease.succeed();
  relay.returns.delete(member.stop.index);
  warm?.leave();
  relay.warm = undefined;
  relay.attempts = createAttempts('stt', request.onAttempt);
  const own = member.stop.index;
  const others = members.flatMap((_, index) => (index === own ? [] : [index]));
  relay.route = createRoute(members, settings, [...others, own]);
}

function over(relay: Relay, member: SttMember, failure: { readonly error: unknown } | undefined): void {
  if (member === relay.coming) {
    relay.coming = undefined;
    stayedAway(relay, member.stop, failure?.error ?? endedEarly(member.stop.member.provider));
    member.leave();
    return;
  }
  if (member === relay.warm) {
    // Nobody listened to it; whether it was idle or died is for health to know.
    relay.warm = undefined;
    if (failure !== undefined)
      member.stop.lease.fail(asVoiceError(failure.error, member.stop.member.provider, 'stt'));
    member.leave();
    return;
  }
  if (member !== relay.current || relay.events.isOver) return;
  if (failure === undefined && relay.hasEnded) {
    relay.events.finish();
    close(relay);
    return;
  }
  relay.current = undefined;
  const error = failure === undefined ? endedEarly(member.stop.member.provider) : failure.error;
  if (isVoiceError(error) && error.class === 'idle') {
    // Nobody's failure: whoever has more to say opens a new stream.
    member.leave();
    relay.events.fail(error);
    close(relay);
    return;
  }
  failed(relay, member.stop, error);
  member.leave();
}

/** It was to be listened to, and could not be had: nobody heard that. */
function stayedAway(relay: Relay, stop: Stop<SttAdapter>, error: unknown): void {
  const failure = asVoiceError(error, stop.member.provider, 'stt');
  returnLater(relay, stop.index);
  stop.lease.fail(failure);
  relay.attempts.failed(stop.member.provider, failure, true);
}

function returnLater({ returns, clock }: Relay, index: number): void {
  const restMs = (returns.get(index)?.restMs ?? returnAfterMs / 2) * 2;
  returns.set(index, { restMs, notBeforeMs: clock.now() + restMs });
}

function failed(relay: Relay, stop: Stop<SttAdapter>, error: unknown): void {
  const { route, attempts, members, events, warm, coming } = relay;
  const failure = asVoiceError(error, stop.member.provider, 'stt');
  returnLater(relay, stop.index);
  route.failed(stop, failure);
  // Whoever was to come is a member like any other now.
  coming?.leave();
  relay.coming = undefined;
  if (warm !== undefined) {
    attempts.failed(stop.member.provider, failure, true);
    relay.warm = undefined;
    relay.current = warm;
    relay.joinMs = relay.settledMs;
    warm.catchUp(relay.ring.stepsFrom(warm.givenMs()));
    return;
  }
  const next = route.next();
  attempts.failed(stop.member.provider, failure, next !== undefined);
  if (next === undefined) {
    events.fail(attempts.failure() ?? nobodyLeft('stt', members));
    close(relay);
  } else if (next.afterMs > 0) {
    relay.next = next;
    relay.lastTry.arm(next.afterMs);
  } else takeOver(relay, next);
}

/** A peer that stops before it was asked to has failed, however politely. */
function endedEarly(provider: string): ProviderError {
  return new ProviderError({
    class: 'protocol',
    code: 'provider.ended_early',
    provider,
    stage: 'stt',
    message: 'Recognition ended although more audio was to come.',
  });
}
