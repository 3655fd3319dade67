// One clause: collected until it ends, spoken at the session's seat, told to its utterance.
import type { AudioFormat, TtsFeed, TtsSpeaker } from '@voicewire/core/adapter';
import type { FliteVoice } from './flite-options.js';
import { readSpeech } from './flite-speech.js';
import { findWords } from './flite-text.js';
import { fliteError, type Seat } from './flite-thread.js';

export interface ClauseOptions {
  readonly seat: Seat;
  readonly voice: FliteVoice;
  readonly format: AudioFormat;
  readonly feed: TtsFeed;
}

/** UTF-16 units of one clause: a minute of speech, or several of figures, while everybody else waits. */
const maxTextLength = 1_000;

/** Speaks what was written when it ends; a clause is spoken whole, so there is nothing to flush. */
export function speakClause({ seat, voice, format, feed }: ClauseOptions): TtsSpeaker {
  let text = '';
  let forget = (): void => undefined;

  function speak(): void {
    const words = findWords(text);
    const spoken = words.map((word) => word.spoken);
    forget = seat.speak({
      voice,
      text: spoken.join(' '),
      words: spoken,
      onSpeech(speech) {
        try {
          const heard = readSpeech(speech, words, format);
          // Times first, so that no audio is ever out without them.
          feed.words(heard.words);
          feed.audio(heard.audio);
          feed.finish();
        } catch (error) {
          feed.fail(fliteError('protocol', 'its speech could not be read.', error));
        }
      },
      onFailure: (error) => feed.fail(error),
    });
  }

  return {
    write: (piece) => void (text += piece),
    flush: () => undefined,
    end() {
      if (text.length <= maxTextLength) speak();
      else
        feed.fail(
          fliteError('invalid_request', `a clause may have ${maxTextLength} characters, not ${text.length}.`),
        );
    },
    close: () => forget(),
  };
}
