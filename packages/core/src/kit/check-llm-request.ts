// Whether a language model declared what it is asked for; if not, a ConfigError with every problem, before anything connects.
import { ConfigError, type ConfigProblem } from '../errors/config-error.js';
import type { LlmCapabilities, LlmRequest } from '../spec/llm.js';

/** Throws `ConfigError` (`config.unsupported`) for tools or a response schema that `capabilities` do not promise. */
export function checkLlmRequest(
  provider: string,
  capabilities: LlmCapabilities,
  request: Pick<LlmRequest, 'tools' | 'responseSchema'>,
): void {
  const asked = {
    tools: (request.tools ?? []).length > 0,
    responseSchema: request.responseSchema !== undefined,
  };
  const problems = (['tools', 'responseSchema'] as const)
    .filter((path) => asked[path] && !capabilities[path])
    .map((path): ConfigProblem => {
      return {
        code: 'config.unsupported',
        path,
        message: `${provider}: this can't be asked for with these options`,
      };
    });
  if (problems.length > 0) throw new ConfigError(problems, { provider });
}
