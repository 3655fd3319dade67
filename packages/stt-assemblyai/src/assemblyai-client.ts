// AssemblyAI's own client over the kit's connections, for all that is a request with an answer.
import { createHttpFetch, type HttpRefusal, isVoiceError, ProviderError } from '@voicewire/core/adapter';
import type { AssemblyAI } from 'assemblyai';
import type { AssemblyAiSettings } from './assemblyai-options.js';
import { isUnpaid, owner, restUrls } from './assemblyai-request.js';

/** Loads the client and lends it to `work`. Throws `ProviderError`, or the signal's reason. */
export async function withClient<T>(
  settings: AssemblyAiSettings,
  apiKey: string,
  signal: AbortSignal,
  work: (client: AssemblyAI) => Promise<T>,
): Promise<T> {
  const { AssemblyAI } = await import('assemblyai');
  const client = new AssemblyAI({ apiKey });
  const readRefusal = ({ status, body }: HttpRefusal) =>
    status < 500 && isUnpaid(body) ? ({ class: 'quota' } as const) : {};
  const fetchOnce = createHttpFetch({ ...owner, signal, readRefusal });
  // All requests of a service go through this method. The client's own can't be stopped, and forgets a refusal's status.
  const overKit = (baseUrl: string) => ({
    fetchResponse(path: string, init?: RequestInit): Promise<Response> {
      const given = init?.headers as Record<string, string> | undefined;
      const headers = { Authorization: apiKey, 'Content-Type': 'application/json', ...given };
      return fetchOnce(baseUrl + path, { ...init, headers });
    },
  });
  const { tokens, recordings } = restUrls(settings);
  Object.assign(client.streaming, overKit(tokens));
  Object.assign(client.files, overKit(recordings));
  Object.assign(client.transcripts, overKit(recordings));
  try {
    return await work(client);
  } catch (error) {
    signal.throwIfAborted();
    if (isVoiceError(error)) throw error;
    // What the client or a schema stumbled over is not passed on: it may quote the answer.
    const message = 'assemblyai answered a request with something other than was asked for.';
    throw new ProviderError({ ...owner, class: 'protocol', message });
  }
}
