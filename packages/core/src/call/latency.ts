// Where a turn's time goes: a reduction of the call log that yields one `turn-latency` per answered utterance.
import type { CallEvent, TurnLatency } from '../spec/call-event.js';

export interface LatencyState {
  readonly speechEndedAtMs: number | undefined;
  readonly finalAtMs: number | undefined;
  readonly decidedAtMs: number;
  readonly textAtMs: number | undefined;
  /** The reply being timed; 0 while there is none. */
  readonly turnId: number;
}

export const initialLatency: LatencyState = {
  speechEndedAtMs: undefined,
  finalAtMs: undefined,
  decidedAtMs: 0,
  textAtMs: undefined,
  turnId: 0,
};

export function reduceLatency(state: LatencyState, event: CallEvent): LatencyState {
  switch (event.type) {
    case 'speech-ended':
      return { ...state, speechEndedAtMs: event.atMs - event.silenceMs };
    case 'deadline-passed':
      // Who is interrupted was not done: what they wait for begins there.
      return event.name === 'utterance-limit' ? { ...state, speechEndedAtMs: event.atMs } : state;
    case 'transcript-final':
      return { ...state, finalAtMs: event.atMs };
    case 'user-turn':
      return { ...state, decidedAtMs: event.atMs };
    case 'reply-started':
      return { ...state, turnId: event.trigger === 'utterance' ? event.turnId : 0, textAtMs: undefined };
    case 'agent-text':
      return event.turnId === state.turnId && state.textAtMs === undefined
        ? { ...state, textAtMs: event.atMs }
        : state;
    case 'agent-heard':
      return { ...initialLatency };
    default:
      return state;
  }
}

/** The turn's figures at the moment its first audio is sent; undefined when this event is not that moment. */
export function latencyAt(state: LatencyState, event: CallEvent): TurnLatency | undefined {
  if (event.type !== 'agent-audio' || event.turnId !== state.turnId || state.textAtMs === undefined)
    return undefined;
  const { decidedAtMs, textAtMs } = state;
  const endedAtMs = Math.min(state.speechEndedAtMs ?? state.finalAtMs ?? decidedAtMs, decidedAtMs);
  const finalAtMs = Math.min(Math.max(state.finalAtMs ?? endedAtMs, endedAtMs), decidedAtMs);
  return {
    sttMs: finalAtMs - endedAtMs,
    endpointMs: decidedAtMs - finalAtMs,
    llmMs: textAtMs - decidedAtMs,
    ttsMs: event.atMs - textAtMs,
    totalMs: event.atMs - endedAtMs,
  };
}
