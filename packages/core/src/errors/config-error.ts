// Wrong options, missing keys, unsupported combinations: the developer's to mend, thrown before anything connects.
import { BaseVoiceError, isVoiceError } from './voice-error.js';

/** One thing that is wrong, in the words of the person who wrote it. */
export interface ConfigProblem {
  /** `config.` and what kind of problem it is; each has a heading in docs/reference/errors.md. */
  readonly code: string;
  /** What is wrong and how to mend it. */
  readonly message: string;
  /** Where in the options, as `stt[0].apiKey`. */
  readonly path?: string | undefined;
  /** What was found; never a secret. */
  readonly found?: string | undefined;
  /** What would have been allowed. */
  readonly allowed?: string | undefined;
  readonly file?: string | undefined;
  /** From 1. */
  readonly line?: number | undefined;
}

/** Every problem at once; `code` is the first one's. */
export class ConfigError extends BaseVoiceError {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(
    problems: ConfigProblem | readonly ConfigProblem[],
    options: { cause?: unknown; provider?: string } = {},
  ) {
    const all: readonly ConfigProblem[] = Array.isArray(problems) ? problems : [problems as ConfigProblem];
    super({
      code: all[0]?.code ?? 'config.invalid',
      class: 'invalid_request',
      stage: 'config',
      message: all.map(describeProblem).join('\n'),
      retryable: false,
      provider: options.provider,
      cause: options.cause,
    });
    this.problems = all;
  }

  static is(error: unknown): error is ConfigError {
    return isVoiceError(error) && error.name === 'ConfigError';
  }
}

/** One problem on one line: `file:line: path: message (found …; allowed …)`. */
export function describeProblem(problem: ConfigProblem): string {
  const place = [
    problem.file && problem.line ? `${problem.file}:${problem.line}` : problem.file,
    problem.path,
  ];
  const facts = [
    problem.found === undefined ? undefined : `found ${problem.found}`,
    problem.allowed === undefined ? undefined : `allowed: ${problem.allowed}`,
  ].filter((fact) => fact !== undefined);
  const prefix = place.filter(Boolean).join(': ');
  const suffix = facts.length > 0 ? ` (${facts.join('; ')})` : '';
  return `${prefix === '' ? '' : `${prefix}: `}${problem.message}${suffix}`;
}
