// What all errors of Voicewire share: a brand that survives two installed copies of core, a stable code, a class.
import type { ErrorClass, Stage, VoiceError } from '../spec/error.js';

const voiceErrorBrand = Symbol.for('voicewire.error');

/** Classes whose failure may not happen again later or with another provider. */
const retryableClasses: ReadonlySet<ErrorClass> = new Set([
  'rate_limit',
  'unavailable',
  'timeout',
  'stalled',
  'protocol',
  'idle',
  'capacity',
]);

export interface VoiceErrorOptions {
  readonly code: string;
  readonly class: ErrorClass;
  readonly message: string;
  readonly provider?: string | undefined;
  readonly stage?: Stage | undefined;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  /** Default: decided by the class. */
  readonly retryable?: boolean | undefined;
  readonly cause?: unknown;
}

/** Base of every error of ours. Recognise it with `isVoiceError`, not `instanceof`. */
export class BaseVoiceError extends Error implements VoiceError {
  readonly code: string;
  readonly class: ErrorClass;
  readonly provider: string | undefined;
  readonly stage: Stage | undefined;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly retryable: boolean;
  readonly [voiceErrorBrand] = true;

  constructor(options: VoiceErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.class = options.class;
    this.provider = options.provider;
    this.stage = options.stage;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.retryable = options.retryable ?? retryableClasses.has(options.class);
  }
}

/** Whether `error` was made by any installed copy of core. */
export function isVoiceError(error: unknown): error is VoiceError {
  return typeof error === 'object' && error !== null && voiceErrorBrand in error;
}
