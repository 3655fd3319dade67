// A part of `npm run soak`, from sources: calls come and go while a fifth of the connections fails, and nothing of them is left;
// a call of more than an hour holds no more than its latest part.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface World {
  readonly ports: readonly number[];
  readonly carrier: unknown;
  readonly counts: { readonly connections: number; readonly faults: number };
  play(calls: {
    readonly count: number;
    readonly concurrency: number;
    readonly lastsMs: readonly [least: number, most: number];
    readonly port: number;
  }): Promise<void>;
  sessions(): number;
  close(): void;
}

interface Figures {
  readonly reasons: Readonly<Record<string, number>>;
}

interface App {
  readonly port: number;
  readonly ready: Promise<void>;
  figures(): Figures;
  close(): Promise<void>;
}

interface LongCall {
  readonly turns: number;
  readonly reason: string;
  readonly events: number;
  readonly keptEvents: number;
  readonly messages: number;
  readonly pendingTimers: number;
}

/** Plain modules of `prove/`, which have no types of their own. */
interface SoakModules {
  readonly openSoakWorld: (options: { readonly seed: number }) => Promise<World>;
  readonly openSoakApp: (options: Pick<World, 'ports' | 'carrier'>) => Promise<App>;
  readonly checkLeftovers: (
    baseline: Figures,
    last: Figures,
    sessions: number,
  ) => readonly { readonly name: string; readonly isMet: boolean; readonly found: string }[];
  readonly playLongCall: (options: { readonly hours: number; readonly pauseMs: number }) => Promise<LongCall>;
}

const parts = ['soak-world', 'soak-app', 'soak-verdict', 'long-call-run'];
const modules = await Promise.all(
  parts.map((part) => import(`../../prove/lib/${part}.mjs`) as Promise<object>),
);
const soak = Object.assign({}, ...modules) as SoakModules;
/** Whoever is still there then was forgotten. */
const settleMs = 20_000;
const seed = Number(process.env['VOICEWIRE_SEED'] ?? 1);

describe('of short calls', () => {
  const calls = 160;
  let world: World;
  let app: App;

  beforeAll(async () => {
    world = await soak.openSoakWorld({ seed });
    app = await soak.openSoakApp(world);
  });
  afterAll(async () => {
    await app.close();
    world.close();
  });

  const over = (): number => Object.values(app.figures().reasons).reduce((sum, count) => sum + count, 0);

  it('nothing is left', async () => {
    await app.ready;
    await expect.poll(world.sessions).toBe(0);
    const baseline = app.figures();
    await world.play({ count: calls, concurrency: 30, lastsMs: [800, 2_400], port: app.port });
    await expect.poll(over).toBe(calls);
    // Not by polling of the test runner, whose own timer would be one that is left.
    const left = () =>
      soak.checkLeftovers(baseline, app.figures(), world.sessions()).filter(({ isMet }) => !isMet);
    for (let waitedMs = 0; left().length > 0 && waitedMs < settleMs; waitedMs += 50) await pause(50);
    expect(left()).toEqual([]);
    expect(world.counts.faults).toBeGreaterThan(10);
  });
});

it('a long call holds its latest part, however much was said', async () => {
  const call = await soak.playLongCall({ hours: 1.2, pauseMs: 0 });
  expect(call.reason).toBe('caller-hung-up');
  expect(call.turns).toBeGreaterThan(500);
  expect(call.events).toBeGreaterThan(20_000);
  expect(call.keptEvents).toBeLessThanOrEqual(10_000);
  expect(call.messages).toBeLessThanOrEqual(1_000);
  expect(call.pendingTimers).toBe(0);
}, 120_000);
