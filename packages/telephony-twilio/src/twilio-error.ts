// How every failure of this adapter is made.
import { ProviderError, type ErrorClass, type ProviderErrorOptions } from '@voicewire/core/adapter';

export function telephonyError(
  { provider }: { readonly provider: string },
  errorClass: ErrorClass,
  message: string,
  details?: Partial<ProviderErrorOptions>,
): ProviderError {
  return new ProviderError({ ...details, class: errorClass, provider, stage: 'telephony', message });
}
