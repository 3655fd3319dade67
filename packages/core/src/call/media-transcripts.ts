// Text that comes with the media itself: a browser's own recogniser, typed callers, text relays. `stt: media` in config.
import type { SttEvent } from '../spec/stt.js';
import type { CallEventBody } from '../spec/call-event.js';
import { toTranscript } from './listen.js';

/** What a media connection's transcript event means for the call. Positions are the peer's own. */
export function mediaTranscript(track: string, event: SttEvent): CallEventBody | undefined {
  switch (event.type) {
    case 'speech-start':
      return { type: 'speech-started', track, startMs: event.atMs };
    case 'speech-end':
      return { type: 'speech-ended', track, endMs: event.atMs, silenceMs: 0 };
    case 'partial':
      return {
        type: 'transcript-partial',
        track,
        text: event.text,
        startMs: event.startMs,
        endMs: event.endMs,
      };
    case 'final':
      return toTranscript(event, 0, track);
    case 'turn-end':
      return { type: 'turn-proposed', track, eager: event.eager };
    case 'turn-resumed':
      return { type: 'turn-withdrawn', track };
    case 'ready':
    case 'flushed':
      return undefined;
  }
}
