// What checks of every kind work with: an adapter, a fake provider, a counted clock, and two ways to use the adapter.
import assert from 'node:assert/strict';
import type { Stage } from '@voicewire/core/adapter';
import type { ProviderFake } from '../fakes/provider-fake.js';
import type { DialectBasics } from '../fakes/dialects.js';
import type { MisbehaviourType } from '../fakes/misbehaviour.js';
import type { Outcome, Reading } from './reading.js';
import type { CountingClock } from './watch.js';

/** Where an adapter under test is pointed at. */
export interface Target {
  /** `http://127.0.0.1:port` and `ws://127.0.0.1:port`, without a path. */
  readonly url: string;
  readonly wsUrl: string;
  readonly apiKey: string;
}

/** What the adapters of the three streaming kinds have in common. */
export interface AnyAdapter {
  readonly provider: string;
  readonly healthKey: string;
}

export interface UseOptions<Adapter> {
  readonly adapter?: Adapter | undefined;
  /** Default: one of its own. */
  readonly controller?: AbortController | undefined;
}

/** A use of the adapter that is under way: a stream, an utterance, a response. */
export interface Begun {
  /** Of the connection. */
  readonly controller: AbortController;
  /** All signals the adapter was given. */
  readonly signals: readonly AbortSignal[];
  readonly stream: AsyncIterable<unknown>;
}

export interface Bench<Adapter extends AnyAdapter = AnyAdapter> {
  readonly stage: Stage;
  /** How long anything may take before a check gives up. */
  readonly deadlineMs: number;
  readonly dialect: DialectBasics;
  readonly fake: ProviderFake<unknown>;
  readonly target: Target;
  readonly clock: CountingClock;
  readonly adapter: Adapter;
  createAdapter(target: Target): Adapter;
  /** Begins a typical use and gives all it takes to come to its end. Nothing is read yet. */
  begin(options?: UseOptions<Adapter>): Begun;
  /** Gives up what a use that came to its end keeps warm. */
  finish(begun: Begun): void;
  /** Reads with the bench's deadline. */
  read<T>(stream: AsyncIterable<T>): Reading<T>;
  /** A promise that has to settle within the bench's deadline. */
  wait<T>(promise: Promise<T>, what: string): Promise<T>;
  close(): Promise<void>;
}

/** Facts of every kind that decide whether a check applies. */
export interface CommonFacts {
  readonly dialect: DialectBasics;
}

/** Said by the caller, by the agent and in prompts of these checks; nothing of it belongs into an error. */
export const spokenSecret = 'zanzibar';

/** For checks about a misbehaviour that clients of the protocol can't notice. */
export function unlessUndetectable(type: MisbehaviourType): (facts: CommonFacts) => string | undefined {
  return ({ dialect }) =>
    dialect.undetectable?.includes(type) === true ? `${type} can not be noticed in this protocol` : undefined;
}

/** Uses the adapter once, from begin to end. */
export async function useWhole<Adapter extends AnyAdapter>(
  bench: Bench<Adapter>,
  options?: UseOptions<Adapter>,
): Promise<Outcome> {
  return bench.read(bench.begin(options).stream).end();
}

/** Uses the adapter once, which must fail; gives the failure. */
export async function useAndFail<Adapter extends AnyAdapter>(
  bench: Bench<Adapter>,
  options?: UseOptions<Adapter>,
): Promise<unknown> {
  const outcome = await useWhole(bench, options);
  assert.equal(outcome.type, 'threw', 'The stream must throw; it returned as if everything were well.');
  return outcome.type === 'threw' ? outcome.error : undefined;
}

/** The provider's sockets are gone, at the latest when a call may still be billed for them. */
export async function assertSocketsGone(bench: Bench, timeoutMs = 500): Promise<void> {
  await bench.fake.until(() => bench.fake.connections === 0, {
    what: `every socket to be gone within ${timeoutMs} ms`,
    timeoutMs,
  });
}

/** Reads until something `isWanted`, then leaves the loop. */
export async function leaveAfter<T>(
  bench: Bench,
  stream: AsyncIterable<T>,
  isWanted: (item: T) => boolean,
): Promise<void> {
  async function read(): Promise<void> {
    for await (const item of stream) if (isWanted(item)) break;
  }
  await bench.wait(read(), 'the first result');
}
