// How a call ends, by whoever's will: everything of it is closed in time, and the result says why.
import { ConfigError } from '../errors/config-error.js';
import { isVoiceError } from '../errors/voice-error.js';
import type { CallEndReason, CallEvent } from '../spec/call-event.js';
import type { Stage } from '../spec/error.js';
import type { Session } from './call-session.js';
import { commanded } from './command.js';
import { toMessages } from './history.js';
import { guard, type RunningCall } from './running-call.js';

/** What recognisers get to say their last words after the call. */
const lastWordsMs = 300;

/** Rejects when the carrier could not; the call goes on then. */
export function transferCall(running: RunningCall, to: string, from: string | undefined): Promise<void> {
  running.transferring = askForTransfer(running, to, from);
  return running.transferring;
}

async function askForTransfer(running: RunningCall, to: string, from: string | undefined): Promise<void> {
  const { options, session, media } = running;
  session.dispatch({ type: 'transfer-started', warm: false });
  try {
    const command = options.control?.transfer?.bind(options.control);
    if (command === undefined)
      throw new ConfigError({ code: 'config.transfer', message: 'this carrier can not transfer calls' });
    const { clock } = session.options;
    const { returnUrl } = options;
    await commanded(
      clock,
      (signal) => command(media.start.callId, to, { from, returnUrl, signal }),
      session.controller.signal,
    );
  } catch (error) {
    const code = isVoiceError(error) ? error.code : 'telephony.transfer_failed';
    session.dispatch({ type: 'transfer-failed', code });
    throw error;
  }
  await endCall(running, 'transferred');
}

/**
 * For a call that is taken up again: if it comes back from a transfer, that one reached nobody. True where the model asked for
 * it: it has been told, and tells the caller (fault C-13).
 */
export function returnFromTransfer(session: Session, log: readonly CallEvent[]): boolean {
  if (!wasTransferred(log)) return false;
  const { history } = session;
  session.dispatch({ type: 'transfer-failed', code: 'telephony.transfer_failed' });
  return session.history !== history;
}

export function wasTransferred(log: readonly CallEvent[]): boolean {
  return log.findLast((event) => event.type === 'call-ended')?.reason === 'transferred';
}

/** The step of the ladder a caller was connected by, if that is what the call comes back from. */
export function transferOfLadder(
  log: readonly CallEvent[],
): { readonly stage: Stage; readonly step: 'person' | 'voicemail' } | undefined {
  // Nobody takes turns on the ladder: what was said later was said by who got well again.
  const last = log.findLast(({ type }) => type === 'degraded' || type === 'user-turn');
  if (!wasTransferred(log) || last?.type !== 'degraded') return undefined;
  const { stage, step } = last;
  return step === 'person' || step === 'voicemail' ? { stage, step } : undefined;
}

/** Once; whatever comes later is ignored. `unsaid`: last words that no voice could say, left to the carrier where it can. */
export async function endCall(running: RunningCall, reason: CallEndReason, unsaid?: string): Promise<void> {
  if (running.ended !== undefined) return;
  running.ended = reason;
  const { session, media, settle } = running;
  const { clock, callId } = session.options;
  session.stopTurns();
  running.seat?.stop();
  for (const timer of running.timers) clock.clearTimeout(timer);
  running.player?.close();
  running.keypad.close();
  const byUs = reason !== 'caller-hung-up' && reason !== 'media-lost' && reason !== 'transferred';
  const isLeft = unsaid !== undefined && running.options.carrierSpeaks === true;
  await Promise.all([byUs && !isLeft ? hangUp(running) : undefined, stopListening(running)]);
  guard(() => {
    media.connection.close();
  });
  const durationMs = session.now();
  const cost = session.options.spend?.total(durationMs);
  session.dispatch({ type: 'call-ended', reason, durationMs, cost });
  session.close();
  settle({
    callId,
    reason,
    durationMs,
    messages: toMessages(session.history),
    log: session.log.snapshot(),
    cost,
    unsaid: isLeft ? unsaid : undefined,
  });
}

/** Recognisers say their last words; then whatever is still open is stopped, and tools get to say that they were. */
async function stopListening({ ears, session, voice, seat }: RunningCall): Promise<void> {
  for (const one of ears.values()) guard(one.close);
  if (ears.size > 0) {
    await new Promise<void>((resolve) => {
      session.options.clock.setTimeout(resolve, lastWordsMs);
    });
  }
  session.controller.abort();
  guard(() => voice?.close());
  await seat?.settled();
}

/** Hanging up is a command with a checked result (fault C-05). */
async function hangUp(running: RunningCall): Promise<void> {
  const { options, session, media } = running;
  const hangup = options.control?.hangup?.bind(options.control);
  if (hangup === undefined) return;
  try {
    await commanded(session.options.clock, (signal) => hangup(media.start.callId, signal));
  } catch {
    session.dispatch({
      type: 'error',
      stage: 'telephony',
      code: 'telephony.hangup_failed',
      message: 'The carrier did not confirm the hang-up; the media connection is closed all the same.',
    });
  }
}
