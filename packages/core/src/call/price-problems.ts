// What is wrong with prices and limits on money: found before the first call, because a limit that can't count holds nobody back.
import type { ConfigProblem } from '../errors/config-error.js';
import { closestName } from '../kit/closest-name.js';
import type { PriceList, Prices } from './spend.js';

/** Names of providers by stage. */
export type ProviderNames = { readonly [Stage in keyof Prices]-?: readonly string[] };

const stages = ['stt', 'llm', 'tts', 'telephony'] as const;

/** Figures that can't be meant. */
export function amountProblems(prices: Prices = {}): readonly ConfigProblem[] {
  return stages.flatMap((stage) => {
    const list: PriceList<Readonly<Record<string, number>>> = prices[stage] ?? {};
    return Object.entries(list).flatMap(([provider, price]) =>
      Object.entries(price).flatMap(([unit, amount]) =>
        amountProblem(`prices.${stage}.${provider}.${unit}`, amount),
      ),
    );
  });
}

export function amountProblem(path: string, amount: unknown): readonly ConfigProblem[] {
  if (amount === undefined || (typeof amount === 'number' && Number.isFinite(amount) && amount >= 0))
    return [];
  return [
    {
      code: 'config.price',
      path,
      message: 'this is no amount of money',
      found: typeof amount === 'number' ? String(amount) : typeof amount,
      allowed: 'a number, 0 or more',
    },
  ];
}

/** Prices of providers that nobody configured: a name that is mistyped costs nothing, without a word. */
export function unknownPriceProblems(prices: Prices = {}, names: ProviderNames): readonly ConfigProblem[] {
  return stages.flatMap((stage) =>
    Object.keys(prices[stage] ?? {})
      .filter((provider) => !names[stage].includes(provider))
      .map((provider) => {
        const meant = closestName(provider, names[stage]);
        return {
          code: 'config.price',
          path: `prices.${stage}.${provider}`,
          message: `no ${stage} provider of this name is configured${meant === undefined ? '' : `; did you mean "${meant}"?`}`,
          found: JSON.stringify(provider),
          allowed: [...new Set(names[stage])].join(', ') || 'nobody',
        };
      }),
  );
}

/** Where money is limited: who would count as nothing. */
export function unpricedProblems(prices: Prices = {}, names: ProviderNames): readonly ConfigProblem[] {
  return stages.flatMap((stage) =>
    [...new Set(names[stage])]
      .filter((provider) => !Object.hasOwn(prices[stage] ?? {}, provider))
      .map((provider) => ({
        code: 'config.price',
        path: `prices.${stage}.${provider}`,
        message: `money is limited, and nobody says what "${provider}" costs: the limit would not see it`,
        allowed: 'a price; 0 for what costs nothing',
      })),
  );
}
