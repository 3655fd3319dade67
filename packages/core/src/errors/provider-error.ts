// A provider failed or refused; core's fallback decides what happens next.
import type { ErrorClass, Stage, VoiceError } from '../spec/error.js';
import { BaseVoiceError, isVoiceError } from './voice-error.js';

export interface ProviderErrorOptions {
  readonly class: ErrorClass;
  readonly provider: string;
  readonly stage: Stage;
  /** What was being done, what happened, and how to mend it where the reader can. */
  readonly message: string;
  /** Default `provider.<class>`. */
  readonly code?: string | undefined;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly retryable?: boolean | undefined;
  readonly cause?: unknown;
}

/** A failure of one provider. `code` is `provider.<class>` unless the adapter knows better. */
export class ProviderError extends BaseVoiceError {
  override readonly name = 'ProviderError';

  constructor(options: ProviderErrorOptions) {
    super({ ...options, code: options.code ?? `provider.${options.class}` });
  }

  static is(error: unknown): error is ProviderError {
    return isVoiceError(error) && error.name === 'ProviderError';
  }
}

/** Nobody in the chain is left. `causes` has each member's failure, in the order tried. */
export class AllProvidersFailedError extends BaseVoiceError {
  override readonly name = 'AllProvidersFailedError';
  readonly causes: readonly VoiceError[];

  constructor(options: { readonly stage: Stage; readonly causes: readonly VoiceError[] }) {
    const tried = options.causes.map((cause) => `${cause.provider ?? 'unknown'}: ${cause.class}`).join(', ');
    super({
      code: 'provider.all_failed',
      class: 'unavailable',
      stage: options.stage,
      message: `Every ${options.stage} provider of the chain failed (${tried}). See causes for each.`,
      cause: options.causes.at(-1),
    });
    this.causes = options.causes;
  }

  static is(error: unknown): error is AllProvidersFailedError {
    return isVoiceError(error) && error.name === 'AllProvidersFailedError';
  }
}
