// What checks of every kind work with: an adapter, a fake provider, a counted clock, and two ways to use the adapter.
import assert from 'node:assert/strict';
import type { AudioFormat, Stage } from '@voicewire/core/adapter';
import type { ProviderFake } from '../fakes/provider-fake.js';
import type { DialectBasics } from '../fakes/dialects.js';
import type { MisbehaviourType } from '../fakes/misbehaviour.js';
import { inTime } from '../fakes/waiting.js';
import { readStream, type Outcome, type Reading } from './reading.js';
import { createCountingClock, type CountingClock } from './watch.js';

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

/** What a suite gives for each check's bench. */
export interface BenchOptions<Dialect, Adapter, Fake, FakeOptions> {
  readonly dialect: Dialect;
  readonly deadlineMs: number;
  createAdapter(target: Target): Adapter;
  /** For fakes that do more than their dialect. */
  readonly startFake?: ((options: FakeOptions) => Promise<Fake>) | undefined;
}

/** The parts of a bench that are alike for every kind; `track` has a controller aborted when the check is over. */
export function benchParts<Dialect, Adapter, Fake extends ProviderFake<unknown>, Capabilities>(
  options: BenchOptions<Dialect, Adapter & { readonly capabilities: Capabilities }, Fake, never>,
  fake: Fake,
) {
  const { dialect, deadlineMs, createAdapter } = options;
  const target: Target = { url: fake.url, wsUrl: fake.wsUrl, apiKey: fake.apiKey };
  const adapter = createAdapter(target);
  const controllers: AbortController[] = [];
  return {
    deadlineMs,
    dialect,
    fake,
    target,
    clock: createCountingClock(),
    adapter,
    capabilities: adapter.capabilities,
    createAdapter,
    read: <T>(stream: AsyncIterable<T>): Reading<T> => readStream(stream, deadlineMs),
    wait: <T>(promise: Promise<T>, what: string): Promise<T> =>
      inTime(promise, { what, timeoutMs: deadlineMs }),
    track(controller = new AbortController()): AbortController {
      controllers.push(controller);
      return controller;
    },
    async close(): Promise<void> {
      for (const controller of controllers) controller.abort(new Error('The check is over.'));
      await fake.close();
    },
  };
}

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };

/** What checks speak and hear in, where they are not about formats. */
export function usualFormat(formats: readonly AudioFormat[]): AudioFormat {
  return formats.find(({ encoding }) => encoding === 'mulaw') ?? formats[0] ?? telephone;
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
