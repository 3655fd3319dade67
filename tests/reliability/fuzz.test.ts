// The seeded part of the fuzz run that every test run takes; the whole, with its time bar, is `npm run fuzz`.
import { expect, it } from 'vitest';

interface Surface {
  readonly name: string;
}

interface Report {
  readonly cases: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly problems: readonly unknown[];
}

interface House {
  close(): Promise<void>;
}

interface Witnesses {
  end(): Promise<{ readonly turns: number; readonly harmed: readonly string[] }>;
}

/** Plain modules of `prove/`, which have no types of their own. */
interface FuzzModules {
  readonly runSurface: (
    surface: Surface,
    options: { readonly seed: number; readonly cases: number },
  ) => Promise<Report>;
  readonly openHouse: () => Promise<House>;
  readonly startWitnesses: (house: House, count: number) => Promise<Witnesses>;
  readonly providerSurfaces: readonly Surface[];
  readonly carrierSurfaces: (house: House, witnesses: Witnesses) => readonly Surface[];
  readonly webhookSurfaces: (house: House, witnesses: Witnesses) => readonly Surface[];
  readonly apiSurfaces: (house: House, witnesses: Witnesses) => readonly Surface[];
  readonly cutSurface: Surface;
  readonly configSurface: Surface;
  readonly toolSurface: Surface;
}

const parts = ['api', 'carriers', 'config', 'cuts', 'house', 'providers', 'run', 'tools', 'webhooks'];
const modules = await Promise.all(
  parts.map((part) => import(`../../prove/lib/fuzz-${part}.mjs`) as Promise<object>),
);
const fuzz = Object.assign({}, ...modules) as FuzzModules;
const seed = Number(process.env['VOICEWIRE_SEED'] ?? 1);

async function expectSound(surface: Surface, cases: number): Promise<void> {
  const report = await fuzz.runSurface(surface, { seed, cases });
  expect(report.problems).toEqual([]);
  expect(report.cases).toBeGreaterThanOrEqual(cases);
  // Input that is all refused, or all taken, would prove little.
  if (surface !== fuzz.toolSurface) expect(Object.keys(report.outcomes).length).toBeGreaterThan(1);
}

it.each(fuzz.providerSurfaces.map((surface) => [surface.name, surface] as const))(
  '%s: odd messages end a stream in words, or are passed over',
  (_, surface) => expectSound(surface, 150),
);

it('an answer of a language model is the same wherever packets cut it', () =>
  expectSound(fuzz.cutSurface, 300));

it('a configuration loads, or is told as a ConfigError without a secret', () =>
  expectSound(fuzz.configSurface, 150));

it('no tool runs on arguments that are cut, odd or not approved', () => expectSound(fuzz.toolSurface, 300));

it('carriers, webhooks and the API take odd input, and live calls lose no word of it', async () => {
  const house = await fuzz.openHouse();
  const witnesses = await fuzz.startWitnesses(house, 5);
  for (const surfaces of [fuzz.carrierSurfaces, fuzz.webhookSurfaces, fuzz.apiSurfaces])
    for (const surface of surfaces(house, witnesses)) await expectSound(surface, 200);
  const { turns, harmed } = await witnesses.end();
  await house.close();
  expect(harmed).toEqual([]);
  expect(turns).toBeGreaterThan(5);
});
