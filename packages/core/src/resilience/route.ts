// The way of one piece of work through a chain: who is tried next, and the least bad once more when nobody is left.
import { ProviderError } from '../errors/provider-error.js';
import type { VoiceError } from '../spec/error.js';
import { isLease, type Health, type HealthMember, type Lease } from './health.js';

export interface RouteOptions {
  readonly health: Health;
  /** See `ChainOptions`. */
  readonly lastTryAfterMs: number | false;
}

export interface Stop<Member> {
  readonly member: Member;
  /** Place in the chain. */
  readonly index: number;
  readonly lease: Lease;
  /** Not before: all others were tried just now. */
  readonly afterMs: number;
  /** Whether nobody else could be asked as things stand. */
  readonly isLastResort: boolean;
}

export interface Route<Member> {
  /** Undefined when nobody is left. */
  next(): Stop<Member> | undefined;
  /** Somebody who can be asked while others are at work: never the least bad. */
  spare(): Stop<Member> | undefined;
  /** It was not needed after all and gave its place back: it can be asked again. */
  unneeded(stop: Stop<Member>): void;
  /** Tells health, and remembers whether trying that member again could help. */
  failed(stop: Stop<Member>, error: VoiceError): void;
}

/** `order`: places in the chain as they are to be tried. Default: as they stand. */
export function createRoute<Member extends HealthMember>(
  members: readonly Member[],
  { health, lastTryAfterMs }: RouteOptions,
  order: readonly number[] = members.map((_, index) => index),
): Route<Member> {
  const waiting = [...order];
  const refused: number[] = [];
  const retryable: number[] = [];
  let isLastTryOver = false;

  function leastBad(indexes: readonly number[], afterMs: number): Stop<Member> | undefined {
    const found = indexes.flatMap((index) => {
      const member = members[index];
      return member === undefined ? [] : [{ index, member, waitMs: health.of(member).retryAfterMs }];
    });
    for (const { index, member } of found.sort((one, other) => one.waitMs - other.waitMs)) {
      const lease = health.force(member);
      if (lease !== undefined) return { index, member, lease, afterMs, isLastResort: true };
    }
    return undefined;
  }

  const isAskable = (index: number): boolean => {
    const member = members[index];
    return member !== undefined && health.of(member).retryAfterMs === 0;
  };

  function take(index: number): Stop<Member> | undefined {
    const member = members[index];
    if (member === undefined) return undefined;
    const lease = health.acquire(member);
    if (!isLease(lease)) return undefined;
    const isLastResort = !waiting.some((other) => other !== index && isAskable(other));
    return { index, member, lease, afterMs: 0, isLastResort };
  }

  return {
    next() {
      for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
        const stop = take(index);
        if (stop !== undefined) return stop;
        refused.push(index);
      }
      if (isLastTryOver) return undefined;
      isLastTryOver = true;
      const untried = leastBad(refused, 0);
      if (untried !== undefined || lastTryAfterMs === false) return untried;
      return leastBad(retryable, lastTryAfterMs);
    },
    spare() {
      // Who has no place now keeps its turn: the work may still come to it.
      for (const [place, index] of waiting.entries()) {
        const stop = take(index);
        if (stop === undefined) continue;
        waiting.splice(place, 1);
        return stop;
      }
      return undefined;
    },
    unneeded({ index }) {
      waiting.unshift(index);
    },
    failed({ index, lease }, error) {
      lease.fail(error);
      if (error.retryable) retryable.push(index);
    },
  };
}

/** Nobody may be asked: what each said last is known to health, and was told when it happened. */
export function nobodyLeft(stage: HealthMember['kind'], members: readonly HealthMember[]): ProviderError {
  return new ProviderError({
    class: 'unavailable',
    code: 'provider.none_available',
    provider: members[0]?.provider ?? 'none',
    stage,
    message: `No ${stage} provider may be asked now: each was refused for its key, its account or its limits, or is not allowed for this call.`,
  });
}
