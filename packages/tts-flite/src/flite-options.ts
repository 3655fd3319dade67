// What users may set.
import * as z from 'zod';

export const fliteVoices = ['kal', 'kal16', 'awb', 'rms', 'slt'] as const;

/**
 * A voice compiled into flite. `kal` is recorded at 8 kHz, the others at 16 kHz; `kal` and `kal16` are one speaker.
 * `rms` (American man), `slt` (American woman) and `awb` (Scottish man) sound smoother and take more than twice the CPU.
 */
export type FliteVoice = (typeof fliteVoices)[number];

export const fliteOptionsSchema = z.strictObject({
  voice: z.enum(fliteVoices).optional(),
});

/** Options of `createFliteTts`. `voice`: default `kal` at 8 kHz and `rms` at 16 kHz; a voice asked for in a call wins. */
export type FliteTtsOptions = z.input<typeof fliteOptionsSchema>;
