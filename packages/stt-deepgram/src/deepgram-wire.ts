// How `/v1/listen` talks. https://developers.deepgram.com/docs/understand-endpointing-interim-results
import type { SttEvent, SttFinal } from '@voicewire/core/adapter';
import * as z from 'zod';

export const messageSchema = z.object({ type: z.string() });

const wordSchema = z.object({
  word: z.string(),
  punctuated_word: z.string().nullish(),
  start: z.number(),
  end: z.number(),
  confidence: z.number().nullish(),
  speaker: z.number().nullish(),
});

/** Also what recordings are answered with. */
export const alternativeSchema = z.object({
  transcript: z.string(),
  confidence: z.number().nullish(),
  languages: z.array(z.string()).nullish(),
  words: z.array(wordSchema).nullish(),
});

type Alternative = z.infer<typeof alternativeSchema>;

const resultsSchema = z.object({
  start: z.number(),
  duration: z.number(),
  is_final: z.boolean().nullish(),
  speech_final: z.boolean().nullish(),
  from_finalize: z.boolean().nullish(),
  channel: z.object({ alternatives: z.array(alternativeSchema) }),
});
const speechStartedSchema = z.object({ timestamp: z.number() });
const utteranceEndSchema = z.object({ last_word_end: z.number() });

/** For one stream: it remembers whether somebody speaks, so that each utterance begins and ends once. */
export function novaProtocol() {
  let isSpeaking = false;
  const turn = (type: 'speech-start' | 'speech-end', atMs: number): readonly SttEvent[] => {
    if (isSpeaking === (type === 'speech-start')) return [];
    isSpeaking = !isSpeaking;
    return [{ type, atMs }];
  };
  const toResults = (message: unknown): readonly SttEvent[] => {
    const { start, duration, channel, ...is } = resultsSchema.parse(message);
    const settledMs = toMs(start + duration);
    const final = toFinal(channel.alternatives[0], toMs(start), settledMs);
    const { text, startMs, endMs } = final;
    return [
      ...(text === '' ? [] : turn('speech-start', startMs)),
      is.is_final ? final : { type: 'partial', text, startMs, endMs },
      ...(is.from_finalize ? [{ type: 'flushed', settledMs } as const] : []),
      ...(is.speech_final ? turn('speech-end', endMs) : []),
    ];
  };
  return {
    frames: { flush: () => '{"type":"Finalize"}', end: () => '{"type":"CloseStream"}' },
    decode(message: unknown): readonly SttEvent[] | undefined {
      switch (messageSchema.parse(message).type) {
        case 'Results':
          return toResults(message);
        case 'SpeechStarted':
          return turn('speech-start', toMs(speechStartedSchema.parse(message).timestamp));
        case 'UtteranceEnd':
          // Follows most utterances, also those that `speech_final` ended; alone where noise hid the pause.
          return turn('speech-end', toMs(utteranceEndSchema.parse(message).last_word_end));
        default:
          return undefined;
      }
    },
    // The last message after CloseStream.
    isEnd: (message: unknown) => messageSchema.parse(message).type === 'Metadata',
    // With little audio since the last final, Finalize stays unanswered.
    flushAnswerMs: 1000,
    // It closes after ten seconds without a message.
    keepAlive: { everyMs: 4000, frame: () => '{"type":"KeepAlive"}' },
  };
}

/** Text without words has the time of the audio it settles. */
export function toFinal(alternative: Alternative | undefined, fromMs: number, settledMs: number): SttFinal {
  const words = (alternative?.words ?? []).map((word) => ({
    text: word.punctuated_word ?? word.word,
    startMs: toMs(word.start),
    endMs: toMs(word.end),
    confidence: word.confidence ?? undefined,
    speaker: typeof word.speaker === 'number' ? `speaker-${word.speaker}` : undefined,
  }));
  const [first] = words;
  return {
    type: 'final',
    text: alternative?.transcript ?? '',
    startMs: first?.startMs ?? fromMs,
    endMs: words.at(-1)?.endMs ?? settledMs,
    settledMs,
    words,
    confidence: alternative?.confidence ?? undefined,
    language: alternative?.languages?.[0],
    speaker: words.every(({ speaker }) => speaker === first?.speaker) ? first?.speaker : undefined,
  };
}

export function toMs(seconds: number): number {
  return Math.round(seconds * 1000);
}
