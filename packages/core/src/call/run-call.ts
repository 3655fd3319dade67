// Runs one call from its media's start to its end: agent or assist, over any number of labelled tracks.
import { durationMs } from '../audio/format.js';
import { systemClock } from '../clock/system-clock.js';
import { ConfigError } from '../errors/config-error.js';
import type { AudioFormat } from '../spec/audio.js';
import { ladderProblems } from '../resilience/ladder.js';
import type { VoiceError } from '../spec/error.js';
import { joinText } from '../turn/spoken-words.js';
import { turnPolicyFor } from '../turn/turn-policy.js';
import { silentCaller } from '../turn/turn-state.js';
import { checkAgent } from './agent.js';
import { createAgentSeat } from './agent-seat.js';
import type { CallEndReason, CallEvent } from '../spec/call-event.js';
import { createSession, type Session } from './call-session.js';
import type { Call, CallResult, RunCallOptions } from './call.js';
import { endCall, transferCall, wasTransferred } from './end-call.js';
import { asksForTransfer } from './history.js';
import { createKeypadInput } from './keypad-input.js';
import { createEars } from './listen.js';
import { mediaTranscript } from './media-transcripts.js';
import { heardText } from './playback-ledger.js';
import { createPlayer } from './player.js';
import { guard, type RunningCall } from './running-call.js';
import { createVoice } from './speak.js';
import { watchCall } from './watch-call.js';
import { checkSpending, spendOf, watchSpending } from './watch-spending.js';

/**
 * Starts at once. Wrong combinations throw a ConfigError before anything connects; whatever goes wrong later ends the
 * call with a reason and never throws.
 */
export function runCall(options: RunCallOptions): Call {
  checkOptions(options);
  checkSpending(options);
  const running = prepare(options);
  const { session, media } = running;
  const { resume } = options;
  const done = new Promise<CallResult>((resolve) => {
    running.settle = resolve;
  });
  try {
    if (resume !== undefined) pickUp(session, resume);
    session.dispatch({
      type: 'call-started',
      callId: session.options.callId,
      mode: options.mode,
      agent: options.agent?.name,
      tracks: media.start.tracks,
      resumed: resume !== undefined,
    });
    openEars(running);
    if (options.mode === 'agent') takeSeat(running);
  } catch (error) {
    session.stopTurns();
    session.controller.abort();
    throw error;
  }
  watchCall(running);
  watchSpending(running);
  void readMedia(running);
  if (running.ended === undefined) running.seat?.open();
  return publicCall(running, done);
}

function prepare(options: RunCallOptions): RunningCall {
  const { media, mode, clock = systemClock, resume } = options;
  const started = resume?.find((event) => event.type === 'call-started');
  const session = createSession({
    // A call that is taken up again keeps its name, whatever the carrier calls its new connection.
    callId: options.callId ?? started?.callId ?? media.start.callId,
    clock,
    policy: {
      ...turnPolicyFor(options.language ?? options.agent?.language),
      requireSpeech: options.providers.stt !== 'media',
      ...options.turn,
      ...options.agent?.turn,
    },
    callerTrack: options.callerTrack ?? media.start.tracks[0]?.label ?? 'caller',
    takesTurns: mode === 'agent',
    resume,
    spend: spendOf(options),
  });
  return {
    options,
    session,
    media,
    ears: new Map(),
    taps: new Set(),
    keypad: createKeypadInput(session.gate, clock),
    player: undefined,
    voice: undefined,
    seat: undefined,
    lastAudioAt: undefined,
    timers: new Set(),
    transferring: undefined,
    ended: undefined,
    settle: () => undefined,
  };
}

/** What was being said when the line was lost ended there; what the caller said and nobody answered is still to be answered. */
function pickUp(session: Session, log: readonly CallEvent[]): void {
  const { ledger } = session;
  if (ledger !== undefined) {
    const { turnId, playedMs } = ledger;
    const text = heardText(ledger);
    session.dispatch({ type: 'agent-heard', turnId, text, outcome: 'interrupted', playedMs });
  }
  const { turn, history } = session;
  const question = history.findLast((entry) => entry.role === 'user');
  // A model may hand a caller over without a word; asked the same again, it would do so for ever.
  const isTransferred = wasTransferred(log);
  const isAnswered = history.some(
    (entry) =>
      entry.role === 'agent' &&
      entry.utterance === question?.utterance &&
      (entry.text !== '' || (isTransferred && asksForTransfer(entry))),
  );
  const isOpen = question !== undefined && !isAnswered;
  const unanswered = joinText(turn.caller.finalText, turn.caller.partialText);
  const finalText = isOpen ? joinText(question.text, unanswered) : unanswered;
  const now = session.now();
  session.turn = {
    ...turn,
    utterance: isOpen ? question.utterance - 1 : turn.utterance,
    caller: { ...silentCaller, finalText, heard: finalText !== '', endedAtMs: now },
    phase: { name: 'listening', sinceMs: now },
  };
}

function checkOptions({ mode, agent, providers, media, approve, ladder }: RunCallOptions): void {
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
  checkAgent(agent, approve !== undefined, [providers.tts]);
  const problems = ladderProblems({ ladder });
  if (problems.length > 0) throw new ConfigError(problems);
}

function openEars(running: RunningCall): void {
  const { options, session, media, ears } = running;
  const { stt } = options.providers;
  const { clock } = session.options;
  if (stt !== 'media') {
    for (const { label, format } of media.start.tracks) {
      const listening = createEars({
        track: label,
        format,
        stt,
        language: options.language ?? options.agent?.language,
        keyterms: options.agent?.keyterms,
        clock,
        signal: session.controller.signal,
        gate: session.gate,
        dispatch: session.dispatch,
        decidesAlone: options.mode === 'assist' || label !== session.options.callerTrack,
        onFailure: (error) => {
          earsFailed(running, error);
        },
      });
      ears.set(label, listening);
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
    tell(running, 'caller', track, audio, format, startMs + atMs);
  });
}

/** Every tap looks from behind the mask gate. */
function tell(
  { taps, session }: RunningCall,
  side: 'caller' | 'agent',
  track: string,
  audio: Uint8Array,
  format: AudioFormat,
  atMs: number,
): void {
  if (taps.size === 0) return;
  const masked = session.gate.audio(audio, format, durationMs(audio.byteLength, format));
  for (const tap of taps)
    guard(() => {
      session.hook('An audio tap', () => {
        tap(side, track, masked, format, atMs);
      });
    });
}

function earsFailed(running: RunningCall, error: VoiceError): void {
  running.session.dispatch({ type: 'error', stage: 'stt', code: error.code, message: error.message });
  running.seat?.degrade('stt');
}

function takeSeat(running: RunningCall): void {
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
      const atMs = startsAt - clock.now() + session.now();
      tell(running, 'agent', 'agent', audio, media.start.outbound, atMs);
    },
    onStuck: () => {
      void endCall(running, 'media-lost');
    },
  });
  const voice = createVoice({
    tts: providers.tts,
    format: media.start.outbound,
    player,
    clock,
    signal: session.controller.signal,
    dispatch: session.dispatch,
  });
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
    end: (reason, unsaid) => {
      void endCall(running, reason, unsaid);
    },
    transfer: (to) => transferCall(running, to, undefined),
  });
  voice.warm();
}

async function readMedia(running: RunningCall): Promise<void> {
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
  // A carrier may take the media away before it confirms the transfer it does that for.
  await running.transferring?.catch(() => undefined);
  await endCall(running, reason);
}

function publicCall(running: RunningCall, done: Promise<CallResult>): Call {
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
    cost: () => session.options.spend?.total(session.now()),
    onAudio(tap) {
      taps.add(tap);
      return () => void taps.delete(tap);
    },
    say: (text) => running.seat?.say(text),
    hangup({ now = false } = {}) {
      if (now || running.seat === undefined) void endCall(running, 'agent-hung-up');
      else running.seat.hangup();
    },
    transfer: (to, options) => transferCall(running, to, options?.from),
    mask: (reason) => session.gate.close(reason),
  };
}
