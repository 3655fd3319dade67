// What an application mounts, checked before the first call: every problem at once.
import { agentProblems } from '../call/agent.js';
import { spendingProblems } from '../call/spending-limits.js';
import { ConfigError, type ConfigProblem } from '../errors/config-error.js';
import { ladderProblems } from '../resilience/ladder.js';
import { membersOf } from '../resilience/provider-chains.js';
import type { VoicewireOptions } from './mount.js';

/** Throws one ConfigError. */
export function checkOptions(options: VoicewireOptions): void {
  const problems = [
    ...urlProblems('publicUrl', options.publicUrl, ['http:', 'https:']),
    ...urlProblems('publicMediaUrl', options.publicMediaUrl, ['http:', 'https:', 'ws:', 'wss:']),
    ...basePathProblems(options.basePath),
    ...nameProblems(options.telephony),
    ...agentOptionProblems(options),
    ...ladderProblems(options),
    ...spendingProblems(options),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
}

function urlProblems(
  path: string,
  url: string | undefined,
  protocols: readonly string[],
): readonly ConfigProblem[] {
  if (url === undefined || (URL.canParse(url) && protocols.includes(new URL(url).protocol))) return [];
  return [
    {
      code: 'config.public_url',
      path,
      message: 'carriers need an address of this process',
      found: JSON.stringify(url),
      allowed: 'a URL that begins with https:// (http:// on this machine)',
    },
  ];
}

function basePathProblems(basePath: string | undefined): readonly ConfigProblem[] {
  if (basePath === undefined || /^(\/[\w.~-]+)+\/?$/.test(basePath)) return [];
  return [
    {
      code: 'config.invalid_option',
      path: 'basePath',
      message: 'this is no path that all of ours could begin with',
      found: JSON.stringify(basePath),
      allowed: 'a path of its own, as /voicewire',
    },
  ];
}

/** Webhooks and media are told apart by the provider's name in their path. */
function nameProblems(telephony: VoicewireOptions['telephony']): readonly ConfigProblem[] {
  const names = telephony.map(({ provider }) => provider);
  return names.flatMap((name, index) => {
    const problem = {
      code: 'config.invalid_option',
      path: `telephony[${index}]`,
      found: JSON.stringify(name),
    };
    if (!/^[\w-]{1,64}$/.test(name)) {
      return [
        { ...problem, message: 'this can not stand in a path', allowed: 'letters, digits, "-" and "_"' },
      ];
    }
    if (names.indexOf(name) === index) return [];
    return [{ ...problem, message: 'two connections of one name would share their paths' }];
  });
}

function agentOptionProblems({
  agent,
  llm,
  tts,
  approve,
  overrides = [],
}: VoicewireOptions): readonly ConfigProblem[] {
  if (agent === undefined) return [];
  // A voice is named for whoever may speak in some call.
  const voices = [tts, ...overrides.map((override) => override.tts)].flatMap((chain) =>
    chain === undefined ? [] : membersOf(chain),
  );
  const needed = [
    { path: 'llm', isThere: llm !== undefined, what: 'a language model' },
    { path: 'tts', isThere: tts !== undefined, what: 'a voice' },
  ];
  return [
    ...needed
      .filter(({ isThere }) => !isThere)
      .map(({ path, what }) => ({ code: 'config.call', path, message: `an agent needs ${what}` })),
    ...(typeof agent === 'object' ? agentProblems(agent, approve !== undefined, voices) : []),
  ];
}
