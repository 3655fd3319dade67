// The sessions of a chain of voices: one member speaks, and the next is connected as soon as a connection fails.
import { ProviderError } from '../errors/provider-error.js';
import type { AudioFormat } from '../spec/audio.js';
import type { VoiceError } from '../spec/error.js';
import type { TtsAdapter, TtsRequest, TtsSession } from '../spec/tts.js';
import { createAttempt, startAttempt, type Attempt } from './attempt.js';
import { closestFormat, failureOf } from './chain.js';
import { isLease, type Health } from './health.js';
import { voiceOf } from './member-voice.js';

/** One member's session, warm for the next utterance. */
export interface TtsLine {
  readonly index: number;
  /** What this member was asked for. */
  readonly format: AudioFormat;
  readonly session: TtsSession;
  readonly attempt: Attempt;
  /** Utterances that speak over it. */
  users: number;
  isReady: boolean;
  /** Takes no new utterances, and closes after the last. */
  isRetired: boolean;
}

export interface TtsLines {
  /** Resolves when some member could be asked for audio; rejects when none could be connected to. */
  readonly ready: Promise<void>;
  readonly closed: Promise<VoiceError | undefined>;
  /** Members as an utterance tries them: whoever speaks now, then the others in a circle. */
  order(): readonly number[];
  /** The session of a member, opened if it is not open. Throws what connecting throws. */
  take(index: number): TtsLine;
  /** Connects to a member that may be needed soon. */
  warm(index: number): void;
  /** The utterance needs it no more. With a failure the next member speaks from now on. */
  giveBack(line: TtsLine, failure?: VoiceError): void;
  /** An utterance is over, whichever lines it used. */
  utteranceOver(): void;
  close(): void;
}

interface State {
  readonly members: readonly TtsAdapter[];
  readonly request: TtsRequest;
  readonly health: Health;
  readonly lines: Map<number, TtsLine>;
  /** Whether utterances are under way, over whatever line. */
  readonly isInUse: () => boolean;
  /** Who speaks: a backup voice stays. */
  speaker: number;
  /** Connections that failed since one stood. */
  failures: VoiceError[];
  /** Nothing new is asked of it; it goes when its utterances are over. */
  isOver: boolean;
  resolveReady: () => void;
  rejectReady: (reason: unknown) => void;
  resolveClosed: (error: VoiceError | undefined) => void;
  shut: () => void;
}

export interface TtsLinesOptions {
  readonly members: readonly TtsAdapter[];
  readonly request: TtsRequest;
  readonly health: Health;
  isInUse(): boolean;
  /** Runs once, with what utterances end with. */
  onClose(reason: unknown): void;
}

/** Connects at once to the first member that may be asked; throws what that throws. */
export function createTtsLines({ members, request, health, isInUse, onClose }: TtsLinesOptions): TtsLines {
  const state: State = {
    members,
    request,
    health,
    lines: new Map(),
    isInUse,
    speaker: Math.max(
      0,
      members.findIndex((member) => health.of(member).retryAfterMs === 0),
    ),
    failures: [],
    isOver: false,
    resolveReady: () => undefined,
    rejectReady: () => undefined,
    resolveClosed: () => undefined,
    shut: () => undefined,
  };
  const ready = new Promise<void>((resolve, reject) => {
    Object.assign(state, { resolveReady: resolve, rejectReady: reject });
  });
  // Whoever waits for it sees the failure; nobody has to.
  ready.catch(() => undefined);
  const closed = new Promise<VoiceError | undefined>((resolve) => {
    state.resolveClosed = resolve;
  });
  openLine(state, state.speaker);
  const close = (): void => {
    const reason: unknown = request.signal.aborted ? request.signal.reason : closedByUs(members);
    state.isOver = true;
    state.shut = () => undefined;
    request.signal.removeEventListener('abort', close);
    onClose(reason);
    for (const line of state.lines.values()) closeLine(line);
    state.rejectReady(reason);
    state.resolveClosed(undefined);
  };
  state.shut = close;
  request.signal.addEventListener('abort', close);
  if (request.signal.aborted) close();
  return {
    ready,
    closed,
    order: () => members.map((_, place) => (state.speaker + place) % members.length),
    take: (index) => {
      const line = state.lines.get(index) ?? openLine(state, index);
      line.users += 1;
      return line;
    },
    warm: (index) => {
      warm(state, index);
    },
    giveBack: (line, failure) => {
      giveBack(state, line, failure);
    },
    utteranceOver: () => {
      shutWhenUnused(state);
    },
    close: () => {
      state.shut();
    },
  };
}

function closedByUs(members: readonly TtsAdapter[]): ProviderError {
  return new ProviderError({
    class: 'aborted',
    provider: members[0]?.provider ?? 'none',
    stage: 'tts',
    message: 'The session was closed.',
  });
}

function openLine(state: State, index: number): TtsLine {
  const { members, request, lines } = state;
  const member = members[index];
  if (member === undefined) throw closedByUs(members);
  const attempt = createAttempt(request.signal);
  // The chain's formats are the primary's, who says itself what it does not take.
  const format = index === 0 ? request.format : closestFormat(member.capabilities.formats, request.format);
  const voice = voiceOf(member, members[0], request);
  const session = startAttempt(attempt, (signal) => member.connect({ ...request, format, voice, signal }));
  const line: TtsLine = { index, format, session, attempt, users: 0, isReady: false, isRetired: false };
  lines.set(index, line);
  session.ready.then(
    () => {
      line.isReady = true;
      state.failures = [];
      state.resolveReady();
    },
    () => undefined,
  );
  void session.closed.then((error) => {
    attempt.end();
    if (lines.get(index) === line) lines.delete(index);
    if (state.isOver || line.isRetired || index !== state.speaker) return;
    if (line.isReady) over(state, error);
    else connectionFailed(state, line, error ?? closedByUs(members));
  });
  return line;
}

/** The next member is connected before anybody asks for it: its first word need not wait (fault T-08). */
function connectionFailed(state: State, { index, users }: TtsLine, error: VoiceError): void {
  const { members, request, failures } = state;
  failures.push(error);
  if (failures.length >= members.length) {
    const failure = failureOf('tts', failures);
    state.rejectReady(failure);
    over(state, failure);
    return;
  }
  const provider = members[index]?.provider ?? 'none';
  // An utterance that waits for this connection reports it by itself.
  if (users === 0) {
    request.onAttempt?.({ type: 'failed', provider, error, isHandled: true });
    tellHealth(state, index, error);
  }
  speakerFailed(state, index);
}

function tellHealth({ members, health }: State, index: number, error: VoiceError): void {
  const member = members[index];
  const answer = member && health.acquire(member);
  if (answer !== undefined && isLease(answer)) answer.fail(error);
}

function speakerFailed(state: State, index: number): void {
  if (state.speaker !== index || state.isOver) return;
  state.speaker = (index + 1) % state.members.length;
  warm(state, state.speaker);
}

function warm(state: State, index: number): void {
  if (state.lines.has(index) || state.isOver) return;
  try {
    openLine(state, index);
  } catch {
    // The utterance that needs this member is told why it can't be had.
  }
}

function giveBack(state: State, line: TtsLine, failure: VoiceError | undefined): void {
  line.users -= 1;
  if (failure !== undefined) {
    // A socket that is open is not a socket that works.
    if (failure.class === 'timeout' || failure.class === 'stalled') retire(state, line);
    speakerFailed(state, line.index);
  }
  if (line.isRetired && line.users === 0) closeLine(line);
}

function retire(state: State, line: TtsLine): void {
  line.isRetired = true;
  if (state.lines.get(line.index) === line) state.lines.delete(line.index);
}

function closeLine({ session, attempt }: TtsLine): void {
  session.close();
  attempt.end();
}

/** The session that speaks ended by itself: whoever wants more connects again; what is being said goes on. */
function over(state: State, error: VoiceError | undefined): void {
  state.isOver = true;
  state.resolveClosed(error);
  shutWhenUnused(state);
}

function shutWhenUnused(state: State): void {
  if (state.isOver && !state.isInUse()) state.shut();
}
