// What is watched from outside while a call runs: its length, its line, its providers' health, the application's signal.
import { providersOf } from '../resilience/chain.js';
import type { LlmAdapter } from '../spec/llm.js';
import type { SttAdapter } from '../spec/stt.js';
import type { CallStatus } from '../spec/telephony.js';
import type { TtsAdapter } from '../spec/tts.js';
import { defaultLimits } from './agent.js';
import { commanded, lastStatuses } from './command.js';
import { endCall } from './end-call.js';
import type { RunningCall } from './running-call.js';

/** No frame for this long on a track that had some: the line is dead. */
const deadLineMs = 10_000;

/** Nothing of it outlives the call. */
export function watchCall(running: RunningCall): void {
  const { options, session } = running;
  const minutes = options.agent?.limits?.callMinutes ?? defaultLimits.callMinutes;
  // What a call that is taken up again has lasted before counts.
  later(running, Math.max(0, minutes * 60_000 - session.now()), () => {
    timeUp(running);
  });
  watchLine(running);
  watchHealth(running);
  const { signal } = options;
  if (signal === undefined) return;
  const onAbort = (): void => void endCall(running, 'aborted');
  signal.addEventListener('abort', onAbort, { once: true, signal: session.controller.signal });
  if (signal.aborted) onAbort();
}

/** Before a line without frames is given up, the carrier is asked; frames that come back meanwhile are all the answer (fault C-06). */
function watchLine(running: RunningCall): void {
  const { session, media } = running;
  // Text alone needs no frames; a telephone always has some.
  const openedAt = media.capabilities.transcripts ? undefined : session.now();
  const check = (): void => {
    const { lastAudioAt } = running;
    const silentMs = session.now() - (lastAudioAt ?? openedAt ?? session.now());
    if (silentMs < deadLineMs) return later(running, deadLineMs - silentMs, check);
    void askCarrier(running).then((status) => {
      if (running.ended !== undefined) return;
      if (running.lastAudioAt === lastAudioAt) giveUpLine(running, status);
      else check();
    });
  };
  later(running, deadLineMs, check);
}

async function askCarrier({ options, session, media }: RunningCall): Promise<CallStatus | undefined> {
  const command = options.control?.status?.bind(options.control);
  if (command === undefined) return undefined;
  try {
    const { clock } = session.options;
    return await commanded(clock, (signal) => command(media.start.callId, signal), session.controller.signal);
  } catch {
    // Nothing is lost: the line counts as dead, as it does where nobody can be asked.
    return undefined;
  }
}

function giveUpLine(running: RunningCall, status: CallStatus | undefined): void {
  const { options, session, lastAudioAt } = running;
  if (status !== undefined && lastStatuses.has(status)) return void endCall(running, 'caller-hung-up');
  if (options.resume === undefined || lastAudioAt !== undefined) return void endCall(running, 'media-lost');
  // Brought back once more it would be as dead: it would go round until its time is up.
  session.dispatch({
    type: 'error',
    stage: 'telephony',
    code: 'telephony.no_audio',
    message: 'The call was brought back on new media, and no audio came there either: it was hung up.',
  });
  void endCall(running, 'error');
}

/** The call has had all it may: with a goodbye where somebody can say it. */
export function timeUp(running: RunningCall): void {
  if (running.seat === undefined) void endCall(running, 'limit');
  else running.seat.timeUp();
}

function watchHealth({ options, session }: RunningCall): void {
  const { health, providers } = options;
  if (health === undefined) return;
  const own = new Set(
    Object.values(providers).flatMap((adapter: AnyAdapter | 'media' | undefined) =>
      typeof adapter === 'object'
        ? providersOf([adapter]).map((provider) => `${adapter.kind} ${provider}`)
        : [],
    ),
  );
  const unwatch = health.watch(({ stage, provider, state, cause }) => {
    if (!own.has(`${stage} ${provider}`)) return;
    session.dispatch({ type: 'provider-health', stage, provider, state, code: cause?.code });
  });
  session.controller.signal.addEventListener('abort', unwatch, { once: true });
}

type AnyAdapter = SttAdapter | LlmAdapter | TtsAdapter;

function later(running: RunningCall, delayMs: number, callback: () => void): void {
  const { clock } = running.session.options;
  const handle = clock.setTimeout(() => {
    running.timers.delete(handle);
    if (running.ended === undefined) callback();
  }, delayMs);
  running.timers.add(handle);
}
