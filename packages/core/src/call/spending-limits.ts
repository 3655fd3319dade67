// What calls may cost, and what is wrong with such limits: they hold only where all that calls may use has a price.
import type { ConfigProblem } from '../errors/config-error.js';
import { providersOf } from '../resilience/chain.js';
import { membersOf, type Chain } from '../resilience/provider-chains.js';
import type { Agent } from './agent.js';
import { amountProblem, amountProblems, unpricedProblems, type ProviderNames } from './price-problems.js';
import type { Prices } from './spend.js';

/** In the currency of the prices. The limits of one tenant hold for nobody else; live calls are never ended by `perTenant`. */
export interface SpendingLimits {
  /** What one call may cost, for agents that do not say otherwise (`AgentLimits.money`). Default: no limit. */
  readonly perCall?: number | undefined;
  /**
   * What all calls of a tenant may have cost in the last `withinHours`: after that it gets no new ones. Calls without a label are
   * one tenant. Each process counts its own calls. Default: no limit.
   */
  readonly perTenant?: number | undefined;
  /** 1 to 744, whole. Default 24. */
  readonly withinHours?: number | undefined;
}

/** A month. */
export const maxSpendingHours = 744;

interface Named {
  readonly provider: string;
  readonly members?: readonly string[] | undefined;
}

interface Match {
  readonly language?: string | undefined;
}

interface Stages {
  readonly stt?: Chain<Named> | 'media' | undefined;
  readonly llm?: Chain<Named> | undefined;
  readonly tts?: Chain<Named> | undefined;
  readonly spending?: SpendingLimits | undefined;
}

export interface Spenders extends Stages {
  readonly telephony: readonly Named[];
  readonly overrides?: readonly (Stages & { readonly match: Match })[] | undefined;
  readonly prices?: Prices | undefined;
  readonly agent?: Agent | ((...given: never[]) => Agent) | undefined;
}

export function spendingProblems(spenders: Spenders): readonly ConfigProblem[] {
  const { prices, agent, overrides = [] } = spenders;
  const all: readonly (Stages & { readonly match?: Match })[] = [spenders, ...overrides];
  const money = typeof agent === 'object' ? agent.limits?.money : undefined;
  const limits = [money, ...all.flatMap(({ spending }) => [spending?.perCall, spending?.perTenant])];
  return [
    ...amountProblems(prices),
    ...amountProblem('agent.limits.money', money),
    ...all.flatMap((one, index) =>
      limitProblems(one, index === 0 ? 'spending' : `overrides[${index - 1}].spending`),
    ),
    ...(limits.every((limit) => limit === undefined) ? [] : unpricedProblems(prices, namesIn(spenders))),
  ];
}

function limitProblems(
  { spending, match }: Stages & { readonly match?: Match },
  path: string,
): readonly ConfigProblem[] {
  if (spending === undefined) return [];
  const { perCall, perTenant, withinHours: hours } = spending;
  const isFit = hours === undefined || (Number.isInteger(hours) && hours >= 1 && hours <= maxSpendingHours);
  const problem = { code: 'config.price', path };
  return [
    ...amountProblem(`${path}.perCall`, perCall),
    ...amountProblem(`${path}.perTenant`, perTenant),
    ...(isFit
      ? []
      : [
          {
            ...problem,
            path: `${path}.withinHours`,
            message: 'this is no number of hours to look back',
            found: String(hours),
            allowed: `a whole number, 1 to ${maxSpendingHours}`,
          },
        ]),
    ...(match?.language === undefined
      ? []
      : [
          {
            ...problem,
            message: 'money is asked about before anybody knows the language of a call',
            allowed: 'an override that matches a tenant or a number',
          },
        ]),
  ];
}

export function namesIn({ telephony, overrides = [], ...base }: Spenders): ProviderNames {
  const of = (stage: 'stt' | 'llm' | 'tts'): readonly string[] =>
    [base, ...overrides].flatMap(({ [stage]: chain }) =>
      chain === undefined || chain === 'media' ? [] : providersOf(membersOf(chain)),
    );
  return { stt: of('stt'), llm: of('llm'), tts: of('tts'), telephony: providersOf(telephony) };
}
