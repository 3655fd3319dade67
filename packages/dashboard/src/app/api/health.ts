// How the server's providers are doing, as the page asks for it.

/** One provider of `GET /health`. */
export interface ProviderHealth {
  readonly stage: string;
  readonly provider: string;
  /** `open`: it is left alone for now; `half-open`: it is being tried again. */
  readonly state: 'closed' | 'open' | 'half-open';
  /** `null`: until the configuration changes. */
  readonly retryAfterMs: number | null;
  readonly cause: string | undefined;
}

/** Empty where the server does not say, or says something this page does not understand: the page works without. */
export async function loadHealth(): Promise<readonly ProviderHealth[]> {
  try {
    const response = await fetch('/health', { headers: { accept: 'application/json' } });
    const body: unknown = await response.json();
    const providers: unknown =
      typeof body === 'object' && body !== null ? Reflect.get(body, 'providers') : undefined;
    return Array.isArray(providers) ? providers.flatMap(readProvider) : [];
  } catch {
    return [];
  }
}

const states: readonly unknown[] = ['closed', 'open', 'half-open'];

function readProvider(value: unknown): readonly ProviderHealth[] {
  if (typeof value !== 'object' || value === null) return [];
  const { stage, provider, state, retry_after_ms: wait, cause } = value as Record<string, unknown>;
  if (typeof stage !== 'string' || typeof provider !== 'string' || !states.includes(state)) return [];
  return [
    {
      stage,
      provider,
      state: state as ProviderHealth['state'],
      retryAfterMs: typeof wait === 'number' ? wait : null,
      cause: typeof cause === 'string' ? cause : undefined,
    },
  ];
}
