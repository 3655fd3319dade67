// What a call costs: counted from its log, by the prices that its application names.
import type { CallEvent } from '../spec/call-event.js';

/**
 * What providers ask, by their names: the application's own figures, all in one currency, whichever that is. `0` for what costs
 * nothing; who is not named counts as nothing, and is a ConfigError where money is limited.
 */
export interface Prices {
  readonly stt?: PriceList<{ readonly perMinute: number }> | undefined;
  readonly llm?:
    | PriceList<{ readonly perMillionInputTokens: number; readonly perMillionOutputTokens: number }>
    | undefined;
  readonly tts?: PriceList<{ readonly perThousandCharacters: number }> | undefined;
  readonly telephony?: PriceList<{ readonly perMinute: number }> | undefined;
}

export type PriceList<Price> = Readonly<Record<string, Price>>;

export interface SpendOptions {
  readonly prices: Prices;
  /** Who listens until the log names somebody else; undefined where the media brings its own transcripts. */
  readonly stt?: string | undefined;
  /** Whose line the call is on. */
  readonly telephony?: string | undefined;
}

/** The running cost of one call: a reduction of its log. Times are the log's. */
export interface Spend {
  add(event: CallEvent): void;
  total(nowMs: number): number;
  /** When it will have come to so much, if only time passes. Infinity where time costs nothing. */
  reachesAt(amount: number): number;
}

/** Of models' texts in most languages: for questions whose tokens nobody tells. */
export const charactersPerToken = 4;

const msPerMinute = 60_000;

/**
 * Tokens and characters count when the log tells them. Lines and recognisers cost time: their minutes run from the start of
 * the call to its end, a recogniser's once for each track, so what it tells of itself at the end is not counted again.
 */
export function createSpend({ prices, stt, telephony }: SpendOptions): Spend {
  /** What was spent until `sinceMs`. */
  let spent = 0;
  let sinceMs = 0;
  let isRunning = false;
  /** Who listens to each track. */
  const ears = new Map<string, string>();

  const perMs = (): number => {
    const line = isRunning ? (priceOf(prices.telephony, telephony)?.perMinute ?? 0) : 0;
    const listening = [...ears.values()].map((provider) => priceOf(prices.stt, provider)?.perMinute ?? 0);
    return listening.reduce((sum, price) => sum + price, line) / msPerMinute;
  };
  const total = (nowMs: number): number => spent + perMs() * Math.max(0, nowMs - sinceMs);
  /** Before what time costs changes. */
  const settle = (nowMs: number): void => {
    spent = total(nowMs);
    sinceMs = nowMs;
  };

  return {
    total,
    reachesAt: (amount) => (spent >= amount ? sinceMs : sinceMs + (amount - spent) / perMs()),
    add(event) {
      spent += priceOfEvent(prices, event);
      switch (event.type) {
        case 'call-started':
          settle(event.atMs);
          isRunning = true;
          ears.clear();
          if (stt !== undefined) for (const { label } of event.tracks) ears.set(label, stt);
          return;
        case 'provider-used':
          if (event.stage !== 'stt' || event.track === undefined || !ears.has(event.track)) return;
          settle(event.atMs);
          ears.set(event.track, event.provider);
          return;
        case 'call-ended':
          settle(event.atMs);
          isRunning = false;
          ears.clear();
          // A long log that is taken up again has lost its oldest events.
          spent = event.cost ?? spent;
          return;
        default:
          return;
      }
    },
  };
}

function priceOfEvent(prices: Prices, event: CallEvent): number {
  if (event.type === 'provider-hedged') {
    // One of two questions was for nothing: whose it was, both prices would have to be asked.
    const perMillion = priceOf(prices.llm, event.provider)?.perMillionInputTokens ?? 0;
    return (event.inputCharacters / charactersPerToken / 1_000_000) * perMillion;
  }
  if (event.type !== 'usage') return 0;
  const { provider, inputTokens = 0, outputTokens = 0, characters = 0 } = event;
  switch (event.stage) {
    case 'llm': {
      const price = priceOf(prices.llm, provider);
      const asked = inputTokens * (price?.perMillionInputTokens ?? 0);
      return (asked + outputTokens * (price?.perMillionOutputTokens ?? 0)) / 1_000_000;
    }
    case 'tts':
      return (characters / 1_000) * (priceOf(prices.tts, provider)?.perThousandCharacters ?? 0);
    default:
      return 0;
  }
}

function priceOf<Price>(list: PriceList<Price> = {}, provider = ''): Price | undefined {
  return list[provider];
}
