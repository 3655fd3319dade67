// From a plain object to adapters: names, packages, paths, and everything that is wrong with them at once.
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  createScriptedLlm,
  createScriptedStt,
  createScriptedTts,
  createSimulatedCaller,
} from '@voicewire/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ConfigError } from '../errors/config-error.js';
import { parseOptions } from '../kit/parse-options.js';
import type { TelephonyAdapter } from '../spec/telephony.js';
import { createRegistry } from './create-registry.js';
import type { BuiltInAdapters } from './load-adapter.js';

const options = z.strictObject({ region: z.enum(['eu', 'us']).optional() });
const odd = { encoding: 'pcm_s16le', sampleRate: 44_101, channels: 1 } as const;

const telephony = (capabilities = {}): TelephonyAdapter => ({
  kind: 'telephony',
  specVersion: 1,
  provider: 'carrier',
  healthKey: 'carrier',
  capabilities: { ...createSimulatedCaller({ script: async () => undefined }).capabilities, ...capabilities },
  control: {},
});

const adapters: BuiltInAdapters = {
  stt: {
    ears: (given) => {
      parseOptions('ears', options, given);
      return createScriptedStt({ provider: 'ears' });
    },
    odd: () => createScriptedStt({ provider: 'odd', capabilities: { formats: [odd] } }),
  },
  llm: {
    mind: () => createScriptedLlm({ provider: 'mind', responses: [] }),
    broken: () => {
      throw new TypeError('sk-live-0123456789');
    },
    wrong: () => createScriptedStt() as never,
  },
  tts: {
    voice: () => createScriptedTts({ provider: 'voice' }),
    bothRates: () =>
      createScriptedTts({
        provider: 'both',
        capabilities: { formats: [odd, { encoding: 'pcm_s16le', sampleRate: 24_000, channels: 1 }] },
      }),
  },
  telephony: { carrier: () => telephony(), strange: () => telephony({ outbound: [odd] }) },
};

let baseDirectory: string;

beforeAll(async () => {
  baseDirectory = await mkdtemp(join(tmpdir(), 'voicewire-registry-'));
  const adapter = `{ kind: 'stt', specVersion: 1, provider: 'own', healthKey: 'own', capabilities: { formats: [] } }`;
  await writeFile(
    join(baseDirectory, 'own.mjs'),
    `export const createOwnStt = () => (${adapter}); export const isReachable = async (options) => options.up === true;`,
  );
  await writeFile(
    join(baseDirectory, 'hangs.mjs'),
    'export const isReachable = () => new Promise(() => {});',
  );
  await writeFile(
    join(baseDirectory, 'fails.mjs'),
    'export const isReachable = () => Promise.reject(new TypeError());',
  );
  await writeFile(join(baseDirectory, 'none.mjs'), 'export const nothing = 1;');
  await writeFile(join(baseDirectory, 'syntax.mjs'), 'export const = ;');
  const installed = join(baseDirectory, 'node_modules', '@someone', 'ears');
  await mkdir(installed, { recursive: true });
  await writeFile(
    join(installed, 'package.json'),
    '{"name":"@someone/ears","type":"module","exports":"./index.js"}',
  );
  await writeFile(join(installed, 'index.js'), `export const createSomeoneStt = () => (${adapter});`);
});

afterAll(() => rm(baseDirectory, { recursive: true, force: true }));

function load(config: unknown, signal?: AbortSignal) {
  const knownAdapters = { stt: ['deepears'] };
  return createRegistry({ adapters, knownAdapters, baseDirectory }).load(config, signal && { signal });
}

async function problemsOf(config: unknown) {
  const error: unknown = await load(config).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(ConfigError.is(error)).toBe(true);
  return ConfigError.is(error) ? error.problems : [];
}

const providers = (chain: readonly { readonly provider: string }[] | 'media' | undefined): unknown =>
  typeof chain === 'object' ? chain.map(({ provider }) => provider) : chain;

describe('a configuration', () => {
  it('names adapters by built-in name, with options, in order of preference', async () => {
    const loaded = await load({
      stt: ['ears', { use: 'ears', region: 'eu' }],
      llm: 'mind',
      tts: { use: 'voice' },
      telephony: 'carrier',
    });
    expect(providers(loaded.stt)).toEqual(['ears', 'ears']);
    expect([loaded.llm, loaded.tts, loaded.telephony].map(providers)).toEqual([
      ['mind'],
      ['voice'],
      ['carrier'],
    ]);
  });

  it('names adapters by path and by package, as the application sees it', async () => {
    expect(providers((await load({ stt: ['./own.mjs', '@someone/ears'] })).stt)).toEqual(['own', 'own']);
  });

  it('may leave recognition to the media', async () => {
    expect((await load({ stt: 'media' })).stt).toBe('media');
  });

  it('takes a port that comes from the environment as text', async () => {
    const { config } = await load({ stt: 'ears', server: { port: '8080', mediaPort: 0 } });
    expect(config.server).toEqual({ port: 8080, mediaPort: 0 });
    expect(await problemsOf({ stt: 'ears', server: { port: '99999' } })).toMatchObject([
      { path: 'server.port' },
    ]);
  });
});

describe('when', () => {
  const own = (up: boolean) => ({ use: './own.mjs', when: 'reachable', up });

  it('leaves out what does not apply', async () => {
    const loaded = await load({
      stt: [{ use: 'nobody', when: '' }, { use: 'ears', when: 'sk-123' }, own(false)],
    });
    expect(providers(loaded.stt)).toEqual(['ears']);
  });

  it('first beside a name is an option of that adapter', async () => {
    const llm = { use: 'mind', first: [{ region: null }] };
    expect((await createRegistry({ adapters }).load({ stt: 'ears', llm })).llm).toHaveLength(1);
    expect(await problemsOf({ stt: { use: 'ears', first: [{}] } })).toMatchObject([{ path: 'stt.first' }]);
  });

  it('first takes the first that applies, and loads no other', async () => {
    const loaded = await load({
      stt: { first: [own(false), { use: 'ears', when: ' ' }, own(true), 'nobody'] },
    });
    expect(providers(loaded.stt)).toEqual(['own']);
  });

  it('takes who does not answer for unreachable', async () => {
    const config = {
      stt: { first: [...['./fails.mjs', './hangs.mjs'].map((use) => ({ use, when: 'reachable' })), 'ears'] },
    };
    expect(providers((await load(config, AbortSignal.timeout(50))).stt)).toEqual(['ears']);
  });

  it('must leave somebody, and ask only who can say', async () => {
    expect(await problemsOf({ stt: { first: [{ use: 'ears', when: '' }] } })).toMatchObject([
      { code: 'config.none_applies', path: 'stt' },
    ]);
    expect(await problemsOf({ stt: { first: [{ use: 'ears', when: 'reachable' }] } })).toMatchObject([
      { code: 'config.not_probeable', path: 'stt.first[0].when' },
    ]);
  });
});

describe('what is wrong', () => {
  it.each<[string, unknown, object]>([
    [
      'unknown key',
      { stt: 'ears', telefony: 'x' },
      {
        code: 'config.unknown_option',
        path: 'telefony',
        message: expect.stringContaining('did you mean telephony'),
      },
    ],
    ['no ears', {}, { code: 'config.missing_option', path: 'stt' }],
    [
      'agent without a voice',
      { stt: 'ears', llm: 'mind', agent: './a.js' },
      { code: 'config.missing_option', path: 'tts' },
    ],
    [
      'built-in name, mistyped',
      { stt: 'eers' },
      {
        code: 'config.unknown_adapter',
        path: 'stt',
        message: expect.stringContaining('did you mean "ears"'),
      },
    ],
    [
      'package name, mistyped',
      { stt: ['ears', 'deepeers'] },
      { path: 'stt[1]', message: expect.stringContaining('did you mean "deepears"') },
    ],
    [
      'package not installed',
      { stt: 'acme' },
      { code: 'config.unknown_adapter', message: expect.stringContaining('npm install @voicewire/stt-acme') },
    ],
    [
      'scoped package not installed',
      { stt: '@acme/ears' },
      { message: expect.stringContaining('npm install @acme/ears') },
    ],
    ['path to nothing', { stt: './gone.mjs' }, { message: expect.stringContaining('check the path') }],
    ['module that can not be read', { stt: './syntax.mjs' }, { code: 'config.adapter_broken' }],
    [
      'module without a factory',
      { stt: './none.mjs' },
      { code: 'config.no_factory', allowed: 'create<Provider>Stt' },
    ],
    ['adapter of another kind', { stt: 'ears', llm: 'wrong' }, { code: 'config.wrong_kind', path: 'llm' }],
    [
      'option of the adapter',
      { stt: ['ears', { use: 'ears', region: 'moon' }] },
      { code: 'config.invalid_option', path: 'stt[1].region' },
    ],
    [
      'unknown option of the adapter',
      { stt: { use: 'ears', regoin: 'eu' } },
      { path: 'stt.regoin', message: expect.stringContaining('did you mean region') },
    ],
    [
      'format that can not be converted',
      { stt: ['ears', 'odd'], telephony: 'carrier' },
      { code: 'config.audio_format', path: 'stt[1]', found: expect.stringContaining('mulaw') },
    ],
    [
      'carrier nobody can speak to',
      { stt: 'ears', tts: 'voice', telephony: 'strange' },
      { code: 'config.audio_format', path: 'tts' },
    ],
  ])('is said: %s', async (_, config, problem) => {
    expect(await problemsOf(config)).toMatchObject([problem]);
  });

  it('is said all at once', async () => {
    const problems = await problemsOf({
      stt: ['eers', { use: 'ears', region: 'moon' }],
      llm: { first: [{ use: 'nobody', when: 'reachable' }] },
      tts: './gone.mjs',
    });
    expect(problems.map(({ path }) => path)).toEqual(['stt[0]', 'stt[1].region', 'llm.first[0]', 'tts']);
  });

  it('holds no secret, even where an adapter threw one', async () => {
    const [problem] = await problemsOf({ stt: 'ears', llm: 'broken' });
    expect(problem).toMatchObject({ code: 'config.adapter_broken', path: 'llm', found: 'TypeError' });
    const error: unknown = await load({ stt: 'ears', llm: 'broken' }).catch((caught: unknown) => caught);
    expect(inspect(error, { depth: 8, showHidden: true })).not.toContain('sk-live-0123456789');
  });

  it('is not a voice with one odd format among usual ones', async () => {
    const loaded = await load({ stt: 'ears', tts: 'bothRates', telephony: 'carrier' });
    expect(providers(loaded.tts)).toEqual(['both']);
  });
});

describe('overrides', () => {
  const registry = createRegistry({ adapters });

  it('are loaded like the stages themselves, with labels that policy goes by', async () => {
    const { overrides, require, tts } = await registry.load({
      stt: 'ears',
      tts: [{ use: 'voice', labels: ['us'] }],
      require: ['us'],
      overrides: [
        {
          match: { tenant: 'acme' },
          require: ['eu'],
          stt: 'media',
          llm: { use: 'mind', labels: ['eu'] },
          tts: [{ use: 'voice', labels: ['eu', 'hipaa'] }, 'bothRates'],
          ladder: { person: '+4930111', voicemail: '' },
        },
      ],
    });
    expect(tts?.[0]?.labels).toEqual(['us']);
    expect(require).toEqual(['us']);
    expect(overrides).toMatchObject([
      {
        match: { tenant: 'acme' },
        require: ['eu'],
        stt: 'media',
        llm: [{ provider: 'mind', labels: ['eu'] }],
        tts: [{ provider: 'voice', labels: ['eu', 'hipaa'] }, { provider: 'both' }],
        ladder: { person: '+4930111', voicemail: undefined },
      },
    ]);
    expect(overrides?.[0]?.tts?.[1]?.labels).toBeUndefined();
  });

  it('say everything that is wrong with them, where it stands', async () => {
    const loading = registry.load({
      stt: 'ears',
      tts: 'voice',
      telephony: 'carrier',
      overrides: [
        { match: { tenant: 'acme' }, tts: 'vioce', stt: ['odd'] },
        { match: { number: '+49*' }, ladder: { menu: { prompt: 'One.', keys: { '1': 'person' } } } },
      ],
    });
    const error: unknown = await loading.catch((caught: unknown) => caught);
    expect(ConfigError.is(error) && error.problems).toMatchObject([
      { code: 'config.ladder', path: 'overrides[1].ladder.menu.keys.1' },
      { code: 'config.unknown_adapter', path: 'overrides[0].tts' },
      { code: 'config.audio_format', path: 'overrides[0].stt[0]' },
    ]);
  });

  it('need something to match, and know no other key', async () => {
    const error: unknown = await registry
      .load({ stt: 'ears', overrides: [{ match: {} }, { match: { tenant: 'a' }, telephony: 'carrier' }] })
      .catch((caught: unknown) => caught);
    expect(ConfigError.is(error) && error.problems.map(({ path }) => path)).toEqual([
      'overrides[0].match',
      'overrides[1].telephony',
    ]);
  });
});
