// What the registry does not see: an agent that is none, and a chain whose next member is the one that has just failed.
import type { Agent, ConfigProblem, StageConfig, VoicewireConfig } from '@voicewire/core';
import { isDeepStrictEqual } from 'node:util';

/** An agent comes from a module that nobody may have type-checked. Its tools are checked where it is mounted. */
export function agentProblems(agent: Agent): readonly ConfigProblem[] {
  const { name, instructions, greeting }: { readonly [Key in keyof Agent]?: unknown } = agent;
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
  const checks: readonly (readonly [path: string, value: unknown, isFine: boolean, allowed: string])[] = [
    ['name', name, isText(name), 'a text'],
    [
      'instructions',
      instructions,
      isText(instructions) || typeof instructions === 'function',
      'a text, or a function of the context of the call',
    ],
    ['greeting', greeting, greeting === undefined || typeof greeting === 'string', 'a text, or none'],
  ];
  return checks.flatMap(([path, value, isFine, allowed]) =>
    isFine
      ? []
      : [
          {
            code: value === undefined ? 'config.missing_option' : 'config.invalid_option',
            path: `agent.${path}`,
            message: value === undefined ? 'an agent needs this' : 'this is not allowed here',
            found: value === undefined ? 'nothing' : value === '' ? 'an empty text' : typeof value,
            allowed,
          },
        ],
  );
}

/** Entries that are the same in everything fail together, so the second is no fallback. */
export function duplicateProblems(config: VoicewireConfig): readonly ConfigProblem[] {
  return (['stt', 'llm', 'tts', 'telephony'] as const).flatMap((stage) => {
    const entries = entriesOf(config[stage]);
    return entries.flatMap((entry, index) => {
      const before = entries.findIndex((other) => isDeepStrictEqual(other, entry));
      if (before === index) return [];
      return [
        {
          code: 'config.duplicate_entry',
          path: `${stage}[${index}]`,
          message: `the same as ${stage}[${before}], which fails when this does; take it out, or name another provider, endpoint or model`,
          found: JSON.stringify(entry.use),
        },
      ];
    });
  });
}

/** Entries of a list, whole; of those under `first` only one is taken. */
function entriesOf(stage: StageConfig | undefined) {
  if (!Array.isArray(stage)) return [];
  return (stage as Extract<StageConfig, readonly unknown[]>).map((entry) => ({
    ...(typeof entry === 'string' ? { use: entry } : entry),
    when: undefined,
  }));
}
