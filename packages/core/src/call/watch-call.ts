// What is watched from outside while a call runs: its length, its line, its providers' health, the application's signal.
import { providersOf } from '../resilience/chain.js';
import type { LlmAdapter } from '../spec/llm.js';
import type { SttAdapter } from '../spec/stt.js';
import type { TtsAdapter } from '../spec/tts.js';
import { defaultLimits } from './agent.js';
import { endCall } from './end-call.js';
import type { RunningCall } from './running-call.js';

/** No frame for this long on a track that had some: the line is dead. */
const deadLineMs = 10_000;

/** Nothing of it outlives the call. */
export function watchCall(running: RunningCall): void {
  const { options, session } = running;
  const minutes = options.agent?.limits?.callMinutes ?? defaultLimits.callMinutes;
  later(running, minutes * 60_000, () => {
    if (running.seat === undefined) void endCall(running, 'limit');
    else running.seat.timeUp();
  });
  const checkLine = (): void => {
    const silentMs = running.lastAudioAt === undefined ? 0 : session.now() - running.lastAudioAt;
    if (silentMs >= deadLineMs) void endCall(running, 'media-lost');
    else later(running, deadLineMs - silentMs, checkLine);
  };
  later(running, deadLineMs, checkLine);
  watchHealth(running);
  const { signal } = options;
  if (signal === undefined) return;
  const onAbort = (): void => void endCall(running, 'aborted');
  signal.addEventListener('abort', onAbort, { once: true, signal: session.controller.signal });
  if (signal.aborted) onAbort();
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
