// The factory: a session is a seat at the shared thread, an utterance one clause spoken there.
import {
  checkTtsRequest,
  healthKey,
  openTtsSession,
  parseOptions,
  type TtsAdapter,
  type TtsCapabilities,
  type TtsLine,
  type TtsLineStatus,
  type TtsRequest,
} from '@voicewire/core/adapter';
import { speakClause } from './flite-clause.js';
import { fliteOptionsSchema, type FliteTtsOptions } from './flite-options.js';
import { checkLanguage, chooseVoice, fliteFormats } from './flite-request.js';
import { type Seat, type SeatStatus, startThread } from './flite-thread.js';

const provider = 'flite';

const capabilities: TtsCapabilities = {
  formats: fliteFormats,
  wordTimings: true,
  textStreaming: false,
  // One is being heard, one is ready to follow; the rest is room for clauses that a barge-in is about to abort.
  concurrentUtterances: 8,
};

/** Plain JavaScript that is shipped as it is, so that one path leads to it from `src` and from `dist`. */
const workerUrl = new URL('../src/flite-worker.mjs', import.meta.url);

/** The thread that all sessions of the process share, while there are any. */
let takeSharedSeat: ((status: SeatStatus) => Seat) | undefined;

function takeSeat(status: SeatStatus): Seat {
  takeSharedSeat ??= startThread({ url: workerUrl, onOver: () => (takeSharedSeat = undefined) });
  return takeSharedSeat(status);
}

/**
 * CMU Flite: English text to speech inside this process, in one worker thread for all calls. No key, no network.
 * An utterance is one clause of at most 1,000 characters; its word times and its audio come at once.
 * Formats: µ-law, A-law and 16-bit PCM at 8 kHz, 16-bit PCM at 16 kHz, mono.
 * Throws `ConfigError` for unknown options, and from `connect` for a format, voice or language that it does not have.
 */
export function createFliteTts(options: FliteTtsOptions = {}): TtsAdapter {
  const settings = parseOptions(provider, fliteOptionsSchema, options);
  return {
    kind: 'tts',
    specVersion: 1,
    provider,
    healthKey: healthKey(provider, 'local', ''),
    capabilities,
    connect(asked) {
      const request = { ...asked, voice: asked.voice ?? settings.voice };
      checkTtsRequest(provider, capabilities, request);
      checkLanguage(request.language);
      chooseVoice(request.voice, request.format);
      return openTtsSession({
        provider,
        request,
        concurrentUtterances: capabilities.concurrentUtterances,
        start: (status) => openLine(request, status),
      });
    },
  };
}

function openLine({ format, voice: sessionVoice }: TtsRequest, status: TtsLineStatus): TtsLine {
  const seat = takeSeat(status);
  return {
    speak(feed, { voice = sessionVoice, language }) {
      checkLanguage(language);
      return speakClause({ seat, voice: chooseVoice(voice, format), format, feed });
    },
    close: () => seat.leave(),
  };
}
