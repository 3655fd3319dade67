// Temporary tokens: what a page is given to talk to AssemblyAI by itself, in place of the key.
import { loadApiKey, parseOptions } from '@voicewire/core/adapter';
import * as z from 'zod';
import { withClient } from './assemblyai-client.js';
import { assemblyAiOptionsSchema, type AssemblyAiSttOptions } from './assemblyai-options.js';
import { owner } from './assemblyai-request.js';

const tokenSchema = z.string().min(1);

export interface AssemblyAiTokenRequest {
  /** How long a session may be begun with it: 1 to 600. */
  readonly expiresInSeconds: number;
  /** The longest session it opens: 60 to 10,800. Default: the latter. */
  readonly maxSessionSeconds?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Mints a token for one session, to be sent as `?token=`. Throws `ConfigError` for wrong options or a missing key,
 * `ProviderError` where AssemblyAI refuses, or the signal's reason. Nothing is tried twice.
 */
export async function createAssemblyAiToken(
  options: AssemblyAiSttOptions,
  { expiresInSeconds, maxSessionSeconds, signal }: AssemblyAiTokenRequest,
): Promise<string> {
  const settings = parseOptions(owner.provider, assemblyAiOptionsSchema, options);
  const { provider } = owner;
  const apiKey = loadApiKey({ apiKey: settings.apiKey, envVar: 'ASSEMBLYAI_API_KEY', provider });
  const limit = maxSessionSeconds === undefined ? {} : { max_session_duration_seconds: maxSessionSeconds };
  const parameters = { expires_in_seconds: expiresInSeconds, ...limit };
  return withClient(settings, apiKey, signal, async ({ streaming }) => {
    const token: unknown = await streaming.createTemporaryToken(parameters);
    return tokenSchema.parse(token);
  });
}
