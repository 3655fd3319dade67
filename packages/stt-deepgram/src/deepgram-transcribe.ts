// Whole recordings, through Deepgram's own client, which is loaded with the first of them.
import {
  createHttpFetch,
  ProviderError,
  type Transcript,
  type TranscriptionRequest,
  writeWav,
} from '@voicewire/core/adapter';
import * as z from 'zod';
import type { DeepgramSettings } from './deepgram-options.js';
import { errorCodeOf, modelParameters, owner } from './deepgram-request.js';
import { alternativeSchema, toFinal, toMs } from './deepgram-wire.js';

const channelSchema = z.object({ alternatives: z.array(alternativeSchema) });
const utteranceSchema = alternativeSchema.extend({ start: z.number(), end: z.number() });
const responseSchema = z.object({
  metadata: z.object({ duration: z.number() }),
  results: z.object({ channels: z.array(channelSchema), utterances: z.array(utteranceSchema) }),
});

/** One request, never repeated. https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded */
export async function transcribe(
  settings: DeepgramSettings,
  apiKey: string,
  request: TranscriptionRequest,
): Promise<Transcript> {
  const { DeepgramClient } = await import('@deepgram/sdk');
  const readRefusal = ({ status, body }: { readonly status: number; readonly body: string }) => ({
    message: `deepgram refused the recording (HTTP ${status}, ${errorCodeOf(body) ?? 'no code'}).`,
  });
  const fetchOnce = createHttpFetch({ ...owner, signal: request.signal, readRefusal });
  let failure: unknown;
  // When its fetch rejects, the client leaves a timer behind and quotes the answer: it is given a bare status instead.
  const fetch: typeof fetchOnce = (input, init) =>
    fetchOnce(input, init).catch((error: unknown) => {
      failure = error;
      return new Response('{}', { status: 500 });
    });
  const baseUrl = settings.baseUrl.replace(/^ws/, 'http');
  const client = new DeepgramClient({ apiKey, baseUrl, maxRetries: 0, fetch });
  const file = writeWav(request.audio, request.format);
  const queryParams = { ...modelParameters(settings, request), utterances: true };
  try {
    const response = await client.listen.v1.media.transcribeFile(file, {}, { queryParams });
    const { metadata, results } = responseSchema.parse(response);
    const [alternative] = results.channels[0]?.alternatives ?? [];
    return {
      text: alternative?.transcript ?? '',
      segments: results.utterances.map((said) => toFinal(said, toMs(said.start), toMs(said.end))),
      language: alternative?.languages?.[0],
      durationMs: toMs(metadata.duration),
    };
  } catch {
    const message = 'deepgram answered a recording with something other than a transcript.';
    throw (failure as Error | undefined) ?? new ProviderError({ ...owner, class: 'protocol', message });
  }
}
