// A call's cap on money: the call ends when it has cost so much, as it does when it has lasted too long.
import { ConfigError } from '../errors/config-error.js';
import { providersOf } from '../resilience/chain.js';
import type { TimerHandle } from '../spec/clock.js';
import type { RunCallOptions } from './call.js';
import { amountProblem, amountProblems, unpricedProblems, type ProviderNames } from './price-problems.js';
import type { RunningCall } from './running-call.js';
import { createSpend, type Spend } from './spend.js';
import { timeUp } from './watch-call.js';

/** Undefined where nobody says what anything costs. */
export function spendOf({ prices, providers, media }: RunCallOptions): Spend | undefined {
  const stt = providers.stt === 'media' ? undefined : providers.stt.provider;
  return prices && createSpend({ prices, stt, telephony: media.provider });
}

/** Throws a ConfigError for what is no amount, and where the call has a limit that would not see all it costs. */
export function checkSpending(options: RunCallOptions): void {
  const { prices, agent, moneyLimit } = options;
  const problems = [
    ...amountProblems(prices),
    ...amountProblem('agent.limits.money', agent?.limits?.money),
    ...amountProblem('moneyLimit', moneyLimit),
    ...(limitOf(options) === undefined ? [] : unpricedProblems(prices, namesIn(options))),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
}

function namesIn({ providers, media }: RunCallOptions): ProviderNames {
  const names = (adapter: Parameters<typeof providersOf>[0][number] | 'media' | undefined) =>
    typeof adapter === 'object' ? providersOf([adapter]) : [];
  return {
    stt: names(providers.stt),
    llm: names(providers.llm),
    tts: names(providers.tts),
    telephony: media.provider === undefined ? [] : [media.provider],
  };
}

function limitOf({ agent, moneyLimit }: RunCallOptions): number | undefined {
  return agent?.limits?.money ?? moneyLimit;
}

/** What may bring the limit nearer than time does. */
const costly = ['usage', 'provider-used', 'provider-hedged'] as const;

/** One timer, set for when time alone reaches the limit, and anew for whatever is spent besides. */
export function watchSpending(running: RunningCall): void {
  const { session, options } = running;
  const { clock, spend } = session.options;
  const limit = limitOf(options);
  if (spend === undefined || limit === undefined) return;
  const leftMs = (): number => Math.ceil(spend.reachesAt(limit) - session.now() - roundingMs);
  const check = (): void => {
    if (running.ended !== undefined) return;
    if (leftMs() > 0) arm();
    else timeUp(running);
  };
  let timer: TimerHandle | undefined;
  const arm = (): void => {
    if (timer !== undefined) running.timers.delete(timer);
    clock.clearTimeout(timer);
    const delayMs = leftMs();
    // At once, but not inside of what was spent on; and before the model is asked again.
    if (delayMs <= 0) return queueMicrotask(check);
    if (delayMs > maxDelayMs || running.ended !== undefined) return;
    timer = clock.setTimeout(check, delayMs);
    running.timers.add(timer);
  };
  // A call that is taken up again may have spent all before.
  if (leftMs() <= 0) return timeUp(running);
  for (const type of costly) session.emitter.on(type, arm);
  arm();
}

/** Sums of small prices are not exact. */
const roundingMs = 0.001;
/** No call is that long, and no timer. */
const maxDelayMs = 7 * 24 * 3_600_000;
