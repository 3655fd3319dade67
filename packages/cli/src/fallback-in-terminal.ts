// `voicewire fallback`: the document on standard output, to be put wherever the carrier finds it without us.
import { ConfigError } from '@voicewire/core';
import { fallback } from './fallback.js';

export interface FallbackArguments {
  readonly config?: string | undefined;
  readonly say?: string | undefined;
  readonly to?: string | undefined;
  readonly language?: string | undefined;
}

export interface FallbackTerminal {
  readonly output: NodeJS.WritableStream;
  readonly errors: NodeJS.WritableStream;
  /** Where a configuration is looked for. Default: the working directory. */
  readonly cwd?: string | undefined;
}

/** Returns the exit code: 1 when something is wrong, in which case no document is printed. */
export async function fallbackInTerminal(
  { config, say, to, language }: FallbackArguments,
  { output, errors, cwd }: FallbackTerminal = { output: process.stdout, errors: process.stderr },
): Promise<number> {
  try {
    checkNumber(to);
    output.write(`${await fallback({ file: config, cwd, say, to, language })}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    errors.write(`${error.message}\n`);
    return 1;
  }
}

/** Nobody would notice a wrong one before the day it is needed. */
function checkNumber(to: string | undefined): void {
  if (to === undefined || /^(\+[1-9]\d{6,14}|[a-z]+:\S+)$/.test(to)) return;
  throw new ConfigError({
    code: 'config.invalid_option',
    path: '--to',
    message: 'this can not be dialled',
    allowed: 'a number with + and country code, or an address (sip:desk@example.com)',
  });
}
