// Whether a scenario can be played with this agent and these providers: what the file alone can't tell.
import type { Agent, ConfigProblem } from '@voicewire/core';
import { everyone } from './agent-under-test.js';
import type { Scenario, ScenarioStage } from './scenario.js';
import type { Chains } from './stand-ins.js';

/** How a scenario is to be played. */
export interface Setting {
  readonly chains: Chains;
  readonly isVirtual: boolean;
  /** Lines come as text, past the ears. */
  readonly isTyped: boolean;
}

/** Everything that is in the way, with its path in the scenario. */
export function scenarioProblems(
  scenario: Scenario,
  agent: Agent,
  { chains, isVirtual, isTyped }: Setting,
): readonly ConfigProblem[] {
  return [
    ...(isVirtual || isTyped ? wavProblems(scenario) : []),
    ...toolProblems(scenario, agent),
    ...chainProblems(chains, isTyped),
    ...faultProblems(scenario, chains),
  ];
}

function wavProblems({ script }: Scenario): readonly ConfigProblem[] {
  return script.flatMap(({ wav }, index) =>
    wav === undefined
      ? []
      : [
          {
            code: 'config.invalid_option',
            path: `script[${index}].wav`,
            message: 'scenario: nobody would hear this; write time: real, and not lines: typed',
          },
        ],
  );
}

function toolProblems({ tools }: Scenario, agent: Agent): readonly ConfigProblem[] {
  const known = [...everyone(agent)].flatMap((one) => (one.tools ?? []).map(({ name }) => name));
  return Object.keys(tools)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      code: 'config.unknown_option',
      path: `tools.${name}`,
      message: 'scenario: the agent has no such tool',
      allowed: known.join(', '),
    }));
}

function chainProblems({ llm, tts, stt }: Chains, isTyped: boolean): readonly ConfigProblem[] {
  const missing = (path: string, message: string): ConfigProblem => ({
    code: 'config.missing_option',
    path,
    message: `scenario: ${message}`,
  });
  return [
    ...(llm.length > 0 ? [] : [missing('model', 'no language model is configured; write what it answers')]),
    ...(tts.length > 0 ? [] : [missing('time', 'no voice is configured, and real time needs one')]),
    ...(stt.length > 0 || isTyped
      ? []
      : [missing('lines', 'no recogniser is configured: lines have to be typed')]),
  ];
}

function faultProblems({ faults }: Scenario, chains: Chains): readonly ConfigProblem[] {
  return (
    Object.entries(faults) as [ScenarioStage, readonly { readonly provider?: string | undefined }[]][]
  ).flatMap(([stage, list]) => {
    const names = chains[stage].map(({ provider }) => provider);
    return list.flatMap(({ provider }, index) =>
      provider === undefined || names.includes(provider)
        ? []
        : [
            {
              code: 'config.invalid_option',
              path: `faults.${stage}[${index}].provider`,
              message: 'scenario: there is no such provider in this chain',
              found: JSON.stringify(provider),
              allowed: names.join(', '),
            },
          ],
    );
  });
}
