// How `/v2/listen` talks, which tells turns. https://developers.deepgram.com/docs/flux/state
import { ProviderError, type SttEvent, type SttFinal } from '@voicewire/core/adapter';
import * as z from 'zod';
import { owner } from './deepgram-request.js';
import { messageSchema, toMs } from './deepgram-wire.js';

const turnSchema = z.object({
  event: z.string(),
  audio_window_start: z.number(),
  audio_window_end: z.number(),
  transcript: z.string(),
  end_of_turn_confidence: z.number().nullish(),
});
/** Ends the session with a code such as `INTERNAL_SERVER_ERROR`; the prose beside it is not passed on. */
const errorSchema = z.object({ code: z.string().regex(/^\w{1,60}$/) });

/** For one stream. A turn's transcript is everything said in it so far, not what is new; its words carry no times. */
export function fluxProtocol() {
  let open: SttFinal | undefined;
  const toTurn = (message: unknown): readonly SttEvent[] => {
    const turn = turnSchema.parse(message);
    const atMs = toMs(turn.audio_window_end);
    const said = { text: turn.transcript, startMs: toMs(turn.audio_window_start), endMs: atMs };
    const partial: SttEvent = { type: 'partial', ...said };
    const final: SttFinal = { type: 'final', ...said, settledMs: atMs, words: [] };
    const turnEnd = { type: 'turn-end', atMs, confidence: turn.end_of_turn_confidence ?? undefined } as const;
    open = turn.event === 'EndOfTurn' ? undefined : final;
    switch (turn.event) {
      case 'StartOfTurn':
        // The window begins with the silence before.
        return [{ type: 'speech-start', atMs }, partial];
      case 'EagerEndOfTurn':
        return [partial, { ...turnEnd, eager: true }];
      case 'TurnResumed':
        return [{ type: 'turn-resumed', atMs }, partial];
      case 'EndOfTurn':
        return [final, { type: 'speech-end', atMs }, { ...turnEnd, eager: false }];
      default:
        return [partial];
    }
  };
  return {
    frames: { end: () => '{"type":"CloseStream"}' },
    decode(message: unknown): readonly SttEvent[] | undefined {
      switch (messageSchema.parse(message).type) {
        case 'Connected':
          return [{ type: 'ready' }];
        case 'TurnInfo':
          return toTurn(message);
        case 'Error':
          throw sessionError(errorSchema.parse(message).code);
        default:
          return undefined;
      }
    },
    readyBy: 'message' as const,
    // It says no goodbye and leaves the last turn open: it just closes, without a code.
    endCodes: [1005],
    drain: () => (open === undefined ? [] : [open]),
  };
}

function sessionError(code: string): ProviderError {
  return new ProviderError({ ...owner, class: 'unavailable', message: `deepgram gave up: ${code}.` });
}
