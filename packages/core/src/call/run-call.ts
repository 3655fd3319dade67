// Runs one call from its media's start to its end: agent or assist, over any number of labelled tracks.
import { durationMs } from '../audio/format.js';
import { systemClock } from '../clock/system-clock.js';
import { ConfigError } from '../errors/config-error.js';
import type { TimerHandle } from '../spec/clock.js';
import type { VoiceError } from '../spec/error.js';
import { defaultTurnPolicy } from '../turn/turn-policy.js';
import { silentCaller } from '../turn/turn-state.js';
import { checkAgent, defaultLimits } from './agent.js';
import { createAgentSeat, type AgentSeat } from './agent-seat.js';
import type { CallEndReason } from '../spec/call-event.js';
import { createSession, type Session } from './call-session.js';
import type { AudioTap, Call, CallMedia, CallResult, RunCallOptions } from './call.js';
import { toMessages } from './history.js';
import { createKeypadInput, type KeypadInput } from './keypad-input.js';
import { createEars, type Ears } from './listen.js';
import { mediaTranscript } from './media-transcripts.js';
import { heardText } from './playback-ledger.js';
import { createPlayer, type Player } from './player.js';
import { createVoice, type Voice } from './speak.js';

/** No frame for this long on a track that had some: the line is dead. */
const deadLineMs = 10_000;
/** What recognisers get to say their last words after the call. */
const lastWordsMs = 300;
const hangupLimitMs = 5_000;

interface Running {
  readonly options: RunCallOptions;
  readonly session: Session;
  readonly media: CallMedia;
  readonly ears: ReadonlyMap<string, Ears>;
  readonly taps: Set<AudioTap>;
  readonly keypad: KeypadInput;
  player: Player | undefined;
  voice: Voice | undefined;
  seat: AgentSeat | undefined;
  lastAudioAt: number | undefined;
  readonly timers: Set<TimerHandle>;
  ended: CallEndReason | undefined;
  settle: (result: CallResult) => void;
}

/**
 * Starts at once. Wrong combinations throw a ConfigError before anything connects; whatever goes wrong later ends the
 * call with a reason and never throws.
 */
export function runCall(options: RunCallOptions): Call {
  checkOptions(options);
  const { media, mode, clock = systemClock } = options;
  const callerTrack = options.callerTrack ?? media.start.tracks[0]?.label ?? 'caller';
  const requireSpeech = options.providers.stt !== 'media';
  const session = createSession({
    callId: options.callId ?? media.start.callId,
    clock,
    policy: { ...defaultTurnPolicy, requireSpeech, ...options.agent?.turn },
    callerTrack,
    takesTurns: mode === 'agent',
    resume: options.resume,
  });
  const ears = new Map<string, Ears>();
  let settle: (result: CallResult) => void = () => undefined;
  const done = new Promise<CallResult>((resolve) => {
    settle = resolve;
  });
  const running: Running = {
    options,
    session,
    media,
    ears,
    taps: new Set(),
    keypad: createKeypadInput(session.gate, clock),
    player: undefined,
    voice: undefined,
    seat: undefined,
    lastAudioAt: undefined,
    timers: new Set(),
    ended: undefined,
    settle,
  };
  session.dispatch({
    type: 'call-started',
    callId: session.options.callId,
    mode,
    agent: options.agent?.name,
    tracks: media.start.tracks,
    resumed: options.resume !== undefined,
  });
  if (options.resume !== undefined) pickUp(session);
  openEars(running, ears);
  if (mode === 'agent') takeSeat(running);
  watch(running);
  void readMedia(running);
  running.seat?.open();
  return publicCall(running, done);
}

/** What was being said when the line was lost ended there; the caller's turn state starts afresh. */
function pickUp(session: Session): void {
  const { ledger } = session;
  if (ledger !== undefined) {
    const { turnId, playedMs } = ledger;
    session.dispatch({
      type: 'agent-heard',
      turnId,
      text: heardText(ledger),
      outcome: 'interrupted',
      playedMs,
    });
  }
  session.turn = {
    ...session.turn,
    caller: silentCaller,
    phase: { name: 'listening', sinceMs: session.now() },
  };
}

function checkOptions({ mode, agent, providers, media, approve }: RunCallOptions): void {
  const problem = (path: string, message: string): ConfigError =>
    new ConfigError({ code: 'config.call', path, message });
  if (media.start.tracks.length === 0 && providers.stt !== 'media')
    throw problem('media', 'the media has no track to listen to');
  if (providers.stt === 'media' && !media.capabilities.transcripts) {
    throw problem(
      'providers.stt',
      '"media" needs a connection that brings its own transcripts, and this one does not',
    );
  }
  if (mode === 'assist') return;
  if (agent === undefined) throw problem('agent', 'mode "agent" needs an agent');
  if (providers.llm === undefined) throw problem('providers.llm', 'mode "agent" needs a language model');
  if (providers.tts === undefined) throw problem('providers.tts', 'mode "agent" needs a voice');
  checkAgent(agent, approve !== undefined);
}

function openEars(running: Running, ears: Map<string, Ears>): void {
  const { options, session, media } = running;
  const { stt } = options.providers;
  if (stt !== 'media') {
    for (const { label, format } of media.start.tracks) {
      ears.set(
        label,
        createEars({
          track: label,
          format,
          stt,
          language: options.language ?? options.agent?.language,
          keyterms: options.agent?.keyterms,
          clock: session.options.clock,
          signal: session.controller.signal,
          gate: session.gate,
          dispatch: session.dispatch,
          onFailure: (error) => {
            earsFailed(running, error);
          },
        }),
      );
    }
  }
  const formats = new Map(media.start.tracks.map(({ label, format }) => [label, format]));
  /** Where each track's own timeline begins in the call. */
  const starts = new Map<string, number>();
  media.onAudio((track, audio, atMs) => {
    const format = formats.get(track);
    if (format === undefined || running.ended !== undefined) return;
    running.lastAudioAt = session.now();
    ears.get(track)?.hear(audio, atMs);
    if (running.taps.size === 0) return;
    const startMs = starts.get(track) ?? session.now() - atMs;
    starts.set(track, startMs);
    const masked = session.gate.audio(audio, format, durationMs(audio.byteLength, format));
    for (const tap of running.taps)
      guard(() => {
        tap('caller', track, masked, format, startMs + atMs);
      });
  });
}

function earsFailed(running: Running, error: VoiceError): void {
  running.session.dispatch({ type: 'error', stage: 'stt', code: error.code, message: error.message });
  if (running.seat === undefined) return;
  running.seat.apologise('providers-failed');
}

function takeSeat(running: Running): void {
  const { options, session, media } = running;
  const { agent, providers } = options;
  if (agent === undefined || providers.llm === undefined || providers.tts === undefined) return;
  const { clock } = session.options;
  const player = createPlayer({
    media: media.connection,
    capabilities: media.capabilities,
    format: media.start.outbound,
    clock,
    onProgress: (turnId, producedMs, sentMs) => {
      session.dispatch({ type: 'agent-audio', turnId, producedMs, sentMs });
    },
    onPlayed: (turnId, playedMs) => {
      session.dispatch({ type: 'agent-played', turnId, playedMs });
    },
    onSent: (audio, startsAt) => {
      tapAgent(running, audio, startsAt);
    },
    onStuck: () => {
      void end(running, 'media-lost');
    },
  });
  const voice = createVoice({
    tts: providers.tts,
    format: media.start.outbound,
    voice: agent.voice,
    language: options.language ?? agent.language,
    player,
    clock,
    signal: session.controller.signal,
    dispatch: session.dispatch,
    maxSpokenMs: (agent.limits?.spokenSeconds ?? defaultLimits.spokenSeconds) * 1000,
  });
  voice.warm();
  running.player = player;
  running.voice = voice;
  running.seat = createAgentSeat({
    call: options,
    agent,
    llm: providers.llm,
    tts: providers.tts,
    session,
    voice,
    player,
    ears: () => running.ears.get(session.options.callerTrack),
    keypad: running.keypad,
    end: (reason) => {
      void end(running, reason);
    },
    transfer: (to) => transfer(running, to, undefined),
  });
}

function tapAgent(running: Running, audio: Uint8Array, startsAt: number): void {
  if (running.taps.size === 0) return;
  const { session, media } = running;
  const atMs = startsAt - session.options.clock.now() + session.now();
  for (const tap of running.taps)
    guard(() => {
      tap('agent', 'agent', audio, media.start.outbound, atMs);
    });
}

/** A tap that throws is its owner's problem. */
function guard(callback: () => void): void {
  try {
    callback();
  } catch {
    // Nothing of the call is lost: taps only look.
  }
}

/** The limits that hold whatever happens: the call's length, a dead line, the application's signal. */
function watch(running: Running): void {
  const { options, session } = running;
  const minutes = options.agent?.limits?.callMinutes ?? defaultLimits.callMinutes;
  later(running, minutes * 60_000, () => {
    if (running.seat === undefined) void end(running, 'limit');
    else running.seat.apologise('limit');
  });
  const checkLine = (): void => {
    const silentMs = running.lastAudioAt === undefined ? 0 : session.now() - running.lastAudioAt;
    if (silentMs >= deadLineMs) void end(running, 'media-lost');
    else later(running, deadLineMs - silentMs, checkLine);
  };
  later(running, deadLineMs, checkLine);
  const { signal } = options;
  if (signal === undefined) return;
  const onAbort = (): void => void end(running, 'aborted');
  signal.addEventListener('abort', onAbort, { once: true, signal: session.controller.signal });
  if (signal.aborted) onAbort();
}

function later(running: Running, delayMs: number, callback: () => void): void {
  const { clock } = running.session.options;
  const handle = clock.setTimeout(() => {
    running.timers.delete(handle);
    if (running.ended === undefined) callback();
  }, delayMs);
  running.timers.add(handle);
}

async function readMedia(running: Running): Promise<void> {
  const { session, media } = running;
  let reason: CallEndReason = 'media-lost';
  try {
    for await (const event of media.events) {
      switch (event.type) {
        case 'mark':
          running.player?.marked(event.id, event.generation);
          break;
        case 'played':
          running.player?.positioned(event.playedMs, event.generation);
          break;
        case 'dtmf':
          session.dispatch({ type: 'dtmf', digit: event.digit, masked: false });
          running.keypad.press(event.digit);
          break;
        case 'transcript': {
          const body = mediaTranscript(event.track, event.event);
          if (body !== undefined && running.options.providers.stt === 'media') session.dispatch(body);
          break;
        }
        case 'skipped':
          session.dispatch({ type: 'media-skipped', reason: event.reason, count: event.count });
          break;
        case 'stop':
          reason = event.reason === 'replaced' ? 'transferred' : 'caller-hung-up';
          break;
        case 'start':
          break;
      }
    }
  } catch {
    // The socket was lost without a word; the reason says so.
  }
  await end(running, reason);
}

async function transfer(running: Running, to: string, from: string | undefined): Promise<void> {
  const { options, session, media } = running;
  const { control } = options;
  session.dispatch({ type: 'transfer-started', warm: false });
  try {
    if (control?.transfer === undefined)
      throw new ConfigError({ code: 'config.transfer', message: 'this carrier can not transfer calls' });
    await control.transfer(media.start.callId, to, { from, signal: session.controller.signal });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'telephony.transfer_failed';
    session.dispatch({ type: 'transfer-failed', code });
    throw error;
  }
  await end(running, 'transferred');
}

async function end(running: Running, reason: CallEndReason): Promise<void> {
  if (running.ended !== undefined) return;
  running.ended = reason;
  const { session, media, options } = running;
  const { clock, callId } = session.options;
  session.stopTurns();
  running.seat?.stop();
  for (const timer of running.timers) clock.clearTimeout(timer);
  running.player?.close();
  running.keypad.close();
  for (const ears of running.ears.values()) ears.close();
  const byUs = reason !== 'caller-hung-up' && reason !== 'media-lost' && reason !== 'transferred';
  await Promise.all([
    byUs ? hangUp(running) : undefined,
    running.ears.size > 0 ? pause(running, lastWordsMs) : undefined,
  ]);
  media.connection.close();
  session.controller.abort();
  running.voice?.close();
  const durationMs = session.now();
  session.dispatch({ type: 'call-ended', reason, durationMs });
  session.log.close();
  running.settle({
    callId: options.callId ?? callId,
    reason,
    durationMs,
    messages: toMessages(session.history),
    log: session.log.snapshot(),
  });
}

function pause(running: Running, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    running.session.options.clock.setTimeout(resolve, delayMs);
  });
}

/** Hanging up is a command with a checked result (fault C-05), but a carrier that does not answer can't keep us. */
async function hangUp({ options, session, media }: Running): Promise<void> {
  const hangup = options.control?.hangup?.bind(options.control);
  if (hangup === undefined) return;
  const controller = new AbortController();
  const { clock } = session.options;
  const timer = clock.setTimeout(() => {
    controller.abort();
  }, hangupLimitMs);
  try {
    await hangup(media.start.callId, controller.signal);
  } catch {
    session.dispatch({
      type: 'error',
      stage: 'telephony',
      code: 'telephony.hangup_failed',
      message: 'The carrier did not confirm the hang-up; the media connection is closed all the same.',
    });
  } finally {
    clock.clearTimeout(timer);
  }
}

function publicCall(running: Running, done: Promise<CallResult>): Call {
  const { session, media, taps } = running;
  return {
    callId: session.options.callId,
    tracks: media.start.tracks,
    done,
    on(type, listener) {
      session.emitter.on(type, listener);
      return () => void session.emitter.off(type, listener);
    },
    events: (options) => session.log.read(options),
    snapshot: () => session.log.snapshot(),
    onAudio(tap) {
      taps.add(tap);
      return () => void taps.delete(tap);
    },
    say: (text) => running.seat?.say(text),
    hangup({ now = false } = {}) {
      if (now || running.seat === undefined) void end(running, 'agent-hung-up');
      else running.seat.hangup();
    },
    transfer: (to, options) => transfer(running, to, options?.from),
    mask(reason) {
      session.gate.close(reason);
      return () => {
        session.gate.open(reason);
      };
    },
  };
}
