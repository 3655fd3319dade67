// What a minute of an agent's call would cost by the configuration's prices, with the first of each chain.
import type { LoadedConfig } from '@voicewire/config';
import type { DoctorCheck } from './doctor.js';

/** A busy minute: four questions, each with the instructions and the call so far, and answers of 25 seconds in all. */
const usualMinute = { inputTokens: 6_000, outputTokens: 120, characters: 400 };

/** Also finds an agent whose limit on money nobody could hold it to. */
export function costCheck(loaded: LoadedConfig): DoctorCheck {
  const isLimited = loaded.agent?.limits?.money !== undefined;
  if (loaded.config.prices === undefined && !isLimited)
    return { name: 'cost', verdict: 'note', detail: 'no prices: what calls cost is not counted' };
  const unpriced = isLimited ? unpricedOf(loaded) : [];
  if (unpriced.length > 0) {
    const detail = `the agent limits money, and nobody says what ${unpriced.join(', ')} cost (prices)`;
    return { name: 'cost', verdict: 'problem', detail };
  }
  const parts = minuteOf(loaded);
  const sum = parts.reduce((total, { cost = 0 }) => total + cost, 0);
  const list = parts.map(
    ({ name, cost }) => `${name} ${cost === undefined ? 'without a price' : rounded(cost)}`,
  );
  const { inputTokens, outputTokens, characters } = usualMinute;
  const assumed = `${inputTokens} tokens asked, ${outputTokens} answered, ${characters} characters spoken`;
  return {
    name: 'cost',
    verdict: 'ok',
    detail: `about ${rounded(sum)} a minute (${list.join(', ')}): ${assumed}`,
  };
}

interface Part {
  readonly name: string;
  readonly cost: number | undefined;
}

function minuteOf({ config, providers }: LoadedConfig): readonly Part[] {
  const { prices = {} } = config;
  const first = (chain: readonly { readonly provider: string }[] | 'media' = []): string =>
    chain === 'media' ? '' : (chain[0]?.provider ?? '');
  const [line, ears] = [first(providers.telephony), first(providers.stt)];
  const [mind, voice] = [first(providers.llm), first(providers.tts)];
  const { inputTokens, outputTokens, characters } = usualMinute;
  const tokens = prices.llm?.[mind];
  const speech = prices.tts?.[voice];
  const thinking =
    tokens && inputTokens * tokens.perMillionInputTokens + outputTokens * tokens.perMillionOutputTokens;
  return [
    { name: line, cost: prices.telephony?.[line]?.perMinute },
    { name: ears, cost: prices.stt?.[ears]?.perMinute },
    { name: mind, cost: thinking && thinking / 1_000_000 },
    { name: voice, cost: speech && (characters / 1_000) * speech.perThousandCharacters },
  ].filter(({ name }) => name !== '');
}

/** Of all who may serve a call. */
function unpricedOf({ config, providers }: LoadedConfig): readonly string[] {
  const { stt, llm = [], tts = [], telephony, overrides = [] } = providers;
  const stages = ['stt', 'llm', 'tts'] as const;
  const all = [
    ...[{ stt, llm, tts }, ...overrides].flatMap((chains) =>
      stages.flatMap((stage) => {
        const chain = chains[stage] ?? [];
        return chain === 'media' ? [] : chain.map(({ provider }) => [stage, provider] as const);
      }),
    ),
    ...telephony.map(({ provider }) => ['telephony', provider] as const),
  ];
  const without = all.filter(([stage, provider]) => config.prices?.[stage]?.[provider] === undefined);
  return [...new Set(without.map(([, provider]) => provider))];
}

const rounded = (amount: number): string => String(Number(amount.toPrecision(2)));
