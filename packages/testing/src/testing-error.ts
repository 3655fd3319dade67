// What this package throws when a test's own script is wrong: never a provider's failure.
import { BaseVoiceError } from '@voicewire/core/adapter';

/** Codes of `TestingError`, all prefixed `testing.`. */
export type TestingErrorCode =
  | 'testing.clock_runaway'
  | 'testing.clock_stuck'
  | 'testing.clock_busy'
  | 'testing.call_too_long'
  | 'testing.unscripted'
  | 'testing.unused_steps'
  | 'testing.waited_in_vain'
  | 'testing.fake_misuse';

/** A test asked for something that its script, fake or clock cannot give. The message says what to change. */
export class TestingError extends BaseVoiceError {
  override readonly name = 'TestingError';

  constructor(code: TestingErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super({ code, class: 'invalid_request', message, retryable: false, cause: options.cause });
  }
}
