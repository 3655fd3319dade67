// The only place in core, beside the default clock and ./disk, that looks at the environment.
import { ConfigError } from '../errors/config-error.js';

export interface ApiKeySource {
  /** The option as the application gave it; it wins over the environment. */
  readonly apiKey?: string | undefined;
  /** The vendor's usual variable, as `ACME_API_KEY`. */
  readonly envVar: string;
  readonly provider: string;
}

/** What an HTTP header can carry without being encoded: a pasted quote or line break is not a key. */
const visibleAscii = /^[\x21-\x7e]+$/;

/**
 * The key from the option, else from the environment; white space around it is dropped.
 * Throws `ConfigError` (`config.missing_key`, `config.invalid_key`) that names both places and never the key.
 */
export function loadApiKey({ apiKey, envVar, provider }: ApiKeySource): string {
  const key = loadSetting({ value: apiKey, envVar });
  if (key === undefined) {
    throw new ConfigError(
      {
        code: 'config.missing_key',
        path: 'apiKey',
        message: `${provider} needs an API key: set the environment variable ${envVar} or pass the option apiKey.`,
      },
      { provider },
    );
  }
  if (!visibleAscii.test(key)) {
    throw new ConfigError(
      {
        code: 'config.invalid_key',
        path: 'apiKey',
        message: `The API key for ${provider} has a space, line break or character outside ASCII in it; copy it again into ${envVar} or the option apiKey.`,
      },
      { provider },
    );
  }
  return key;
}

/** An optional setting from its option, else from the environment; blank counts as not set. */
export function loadSetting(source: { value?: string | undefined; envVar: string }): string | undefined {
  return nonBlank(source.value) ?? nonBlank(process.env[source.envVar]);
}

export interface BaseUrlSource {
  readonly baseUrl?: string | undefined;
  readonly envVar: string;
  readonly provider: string;
  readonly fallback: string;
}

/**
 * The server's address from the option, else from the environment, else `fallback`. Throws `ConfigError`
 * (`config.invalid_option`) for what is no http or https URL; it is not shown, as it may carry a password.
 */
export function loadBaseUrl({ baseUrl, envVar, provider, fallback }: BaseUrlSource): URL {
  const text = loadSetting({ value: baseUrl, envVar }) ?? fallback;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text);
  throw new ConfigError(
    {
      code: 'config.invalid_option',
      path: 'baseUrl',
      message: `${provider} needs an http or https URL in the option baseUrl or the environment variable ${envVar}.`,
    },
    { provider },
  );
}

function nonBlank(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed === '' ? undefined : trimmed;
}
