// Whole recordings: uploaded, queued by AssemblyAI, asked after until they are done.
import {
  createEventQueue,
  durationMs,
  ProviderError,
  systemClock,
  type Transcript,
  type TranscriptionRequest,
  writeWav,
} from '@voicewire/core/adapter';
import * as z from 'zod';
import { withClient } from './assemblyai-client.js';
import type { AssemblyAiSettings } from './assemblyai-options.js';
import { languageCode, owner } from './assemblyai-request.js';
import { toFinal, wordSchema } from './assemblyai-wire.js';

const words = z.array(wordSchema).nullish();
const utterance = z.object({ text: z.string(), words, speaker: z.string().nullish() });
const jobSchema = z.object({
  id: z.string(),
  status: z.string(),
  text: z.string().nullish(),
  language_code: z.string().nullish(),
  words,
  /** Only where speakers were asked for. */
  utterances: z.array(utterance).nullish(),
});

/** https://www.assemblyai.com/docs/api-reference/transcripts/submit */
export function transcribe(
  settings: AssemblyAiSettings,
  apiKey: string,
  { audio, format, keyterms, diarize, signal, clock = systemClock, ...asked }: TranscriptionRequest,
): Promise<Transcript> {
  const language = languageCode(asked.language ?? settings.language);
  const parameters = {
    ...(language === undefined ? {} : { language_code: language }),
    ...(keyterms?.length ? { keyterms_prompt: [...keyterms] } : {}),
    ...(diarize ? { speaker_labels: true } : {}),
    ...settings.recordingParameters,
  };
  return withClient(settings, apiKey, signal, async ({ transcripts }) => {
    let job = jobSchema.parse(await transcripts.submit({ audio: writeWav(audio, format), ...parameters }));
    while (job.status !== 'completed') {
      const message = 'assemblyai could make no transcript of the recording.';
      if (job.status === 'error') throw new ProviderError({ ...owner, class: 'invalid_request', message });
      const pause = createEventQueue({ signal, onCancel: () => clock.clearTimeout(timer) });
      const timer = clock.setTimeout(() => pause.finish(), 1000);
      await pause[Symbol.asyncIterator]().next();
      job = jobSchema.parse(await transcripts.get(job.id));
    }
    const text = job.text ?? '';
    const said = job.utterances ?? (text === '' ? [] : [{ text, words: job.words }]);
    const spoken = job.language_code ?? undefined;
    const totalMs = durationMs(audio.byteLength, format);
    const segments = said.map((one) => {
      const timed = one.words ?? [];
      return toFinal({ ...one, words: timed, language_code: spoken }, timed.at(-1)?.end ?? totalMs);
    });
    return { text, segments, language: spoken, durationMs: totalMs };
  });
}
