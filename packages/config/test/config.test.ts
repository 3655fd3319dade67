// Configuration files as people write them: where it is wrong, what is secret, what changes.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptMedia, ConfigError, runCall, ttsChain, type BuiltInAdapters } from '@voicewire/core';
import {
  createScriptedLlm,
  createScriptedStt,
  createScriptedTts,
  createSimulatedCaller,
  createVirtualClock,
} from '@voicewire/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  findConfig,
  loadConfig,
  readConfig,
  watchConfig,
  type LoadedConfig,
  type ReadConfigOptions,
} from '../src/index.js';

const adapters: BuiltInAdapters = {
  stt: { ears: () => createScriptedStt({ provider: 'ears' }) },
  llm: { mind: () => createScriptedLlm({ provider: 'mind', responses: [] }) },
  tts: { voice: () => createScriptedTts({ provider: 'voice' }) },
};

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'voicewire-config-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const write = async (name: string, text: string): Promise<string> => {
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
};

async function problemsOf(work: Promise<unknown>) {
  const error: unknown = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!ConfigError.is(error)) throw new TypeError(`no ConfigError but ${String(error)}`);
  return { error, problems: error.problems };
}

const read = async (name: string, text: string, options: ReadConfigOptions = {}) =>
  (await readConfig({ env: {}, ...options, file: await write(name, text) })).config;

describe('a file', () => {
  it('is found from here upwards', async () => {
    const file = await write('voicewire.config.yaml', 'stt: ears');
    expect(findConfig(directory)).toBe(file);
    expect((await readConfig({ cwd: directory, env: {} })).config).toEqual({ stt: 'ears' });
    const { problems } = await problemsOf(readConfig({ cwd: directory, file: 'other.yaml', env: {} }));
    expect(problems).toMatchObject([{ code: 'config.no_file', found: join(directory, 'other.yaml') }]);
  });

  it.each([
    ['voicewire.config.json', '{"stt": "ears", "calls": {"max": 7}}'],
    ['voicewire.config.yaml', 'stt: ears # hears\ncalls:\n  max: 7\n'],
    [
      'voicewire.config.ts',
      "interface A { stt: string }\nexport const config: A & object = { stt: 'ears', calls: { max: 7 } };",
    ],
    ['voicewire.config.mjs', "export default { stt: 'ears', calls: { max: 7 } };"],
  ])('may be %s', async (name, text) => {
    expect(await read(name, text)).toEqual({ stt: 'ears', calls: { max: 7 } });
  });

  it.each([
    ['yaml with a mistake', 'a.yaml', 'stt: ears\nllm: [mind\ntts: voice\n', { line: expect.any(Number) }],
    ['json with a mistake', 'a.json', '{"stt": "ears",\n "llm" "mind"}', { line: 2 }],
    ['a key written twice', 'a.yaml', 'stt: ears\nstt: other\n', { line: 2, found: 'DUPLICATE_KEY' }],
    [
      'module that throws',
      'a.ts',
      "\nthrow new TypeError('sk-live-0123456789');",
      { found: expect.stringMatching(/^TypeError in .*a\.ts/) },
    ],
    [
      'module with a mistake',
      'a.ts',
      'export const config = {;\n',
      { found: expect.stringMatching(/Error in .*a\.ts/) },
    ],
    [
      'aliases without end',
      'a.yaml',
      `a: &a [x, x]\n${'bcdefghij'
        .split('')
        .map((name, index) => `${name}: &${name} [${`*${'abcdefghij'[index]}, `.repeat(9)}1]\n`)
        .join('')}`,
      { found: 'too many aliases' },
    ],
  ])('that can not be read is named: %s', async (_, name, text, problem) => {
    const { error, problems } = await problemsOf(read(name, text));
    expect(problems).toMatchObject([{ code: 'config.unreadable', ...problem }]);
    expect(problems[0]?.file ?? '').toContain(name);
    expect(`${error.message} ${String(error.cause)}`).not.toContain('sk-live');
  });
});

describe("an agent's voice for each provider of a chain", () => {
  /** A call as the file configures it. */
  async function call(tts: string, voice: string) {
    await write(
      'agent.ts',
      `export const agent: object = { name: 'shop', instructions: 'Answer.', greeting: 'hello', voice: ${voice} };`,
    );
    const file = await write('a.yaml', `stt: ears\nllm: mind\ntts: ${tts}\nagent: ./agent.ts\n`);
    const voices = ['acme', 'other'].map((provider) =>
      createScriptedTts({ provider, faults: () => (provider === 'acme' ? { type: 'refuse' } : undefined) }),
    );
    const factories = Object.fromEntries(voices.map((one) => [one.provider, () => one]));
    const { providers, agent } = await loadConfig({
      file,
      adapters: { ...adapters, tts: factories },
      env: {},
    });
    const clock = createVirtualClock();
    const { capabilities, open } = createSimulatedCaller({ script: (hands) => hands.agentFinishes(), clock });
    const media = await acceptMedia({ provider: 'simulated', capabilities, clock, open });
    const [stt, [llm] = []] = [createScriptedStt(), providers.llm];
    const chain = ttsChain(providers.tts ?? []);
    const { done } = runCall({ mode: 'agent', agent, clock, media, providers: { stt, llm, tts: chain } });
    await clock.run({ untilMs: 60_000 });
    await done;
    return voices.map(({ sessions }) => sessions[0]?.voice);
  }

  it('is what each is asked for', async () => {
    expect(await call('[acme, other]', "{ acme: 'ann', other: 'bob' }")).toEqual(['ann', 'bob']);
    expect(await call('[acme, other]', "'ann'")).toEqual(['ann', undefined]);
  });

  it('names nobody else', async () => {
    const { problems } = await problemsOf(call('[acme, other]', "{ acme: 'ann', othr: 'bob' }"));
    expect(problems).toMatchObject([
      { path: 'agent.voice.othr', message: expect.stringContaining('did you mean other?') },
    ]);
  });
});

describe('references', () => {
  const env = { KEY: 'sk-live-0123456789', EMPTY: '' };

  it('are resolved from the environment, with defaults', async () => {
    const text =
      'stt: { use: ears, apiKey: "${KEY}", region: "${REGION:-eu}", when: "${EMPTY:-}", url: "https://${HOST:-a.b}/c" }';
    expect(await read('a.yaml', text, { env })).toEqual({
      stt: { use: 'ears', apiKey: env.KEY, region: 'eu', when: '', url: 'https://a.b/c' },
    });
  });

  it('to nothing are told all at once, with their lines', async () => {
    const text = 'stt:\n  - use: ears\n    apiKey: ${NONE}\n  - use: ears\n    region: ${EMPTY}\n';
    const { problems } = await problemsOf(read('a.yaml', text, { env }));
    expect(problems).toMatchObject([
      {
        code: 'config.missing_variable',
        path: 'stt[0].apiKey',
        line: 3,
        message: expect.stringContaining('NONE'),
      },
      { code: 'config.missing_variable', path: 'stt[1].region', line: 5 },
    ]);
  });

  it.each([
    'apiKey: sk-written-down',
    'authToken: "${TOKEN:-sk-written-down}"',
    'headers: { Authorization: Bearer sk-written-down }',
    'tokens:\n  - { secret: sk-written-down }',
    'apiKey: { sid: SK1, secret: sk-written-down }',
  ])('are the only way to a secret: %s', async (text) => {
    const { error, problems } = await problemsOf(read('a.yaml', text, { env }));
    expect(problems).toMatchObject([
      { code: 'config.secret_literal', found: 'a text (not shown)', line: expect.any(Number) },
    ]);
    expect(error.message).not.toContain('sk-written-down');
  });

  it('may stand after a scheme, and are no secret by a name that only sounds like one', async () => {
    const text = 'headers: { authorization: "Bearer ${KEY}" }\nmaxTokens: "12"\nkeyterms: [token ring]\n';
    expect(await read('a.yaml', text, { env })).toMatchObject({
      headers: { authorization: `Bearer ${env.KEY}` },
    });
  });

  it('in code may be what the environment holds, and nothing else', async () => {
    process.env['VOICEWIRE_TEST_KEY'] = 'sk-of-the-environment';
    const code = (value: string): string =>
      `export const config = { stt: { use: 'ears', apiKey: ${value} } };`;
    const fine = await read('a.ts', code('process.env.VOICEWIRE_TEST_KEY'), { env: process.env });
    expect(fine).toMatchObject({ stt: { apiKey: 'sk-of-the-environment' } });
    const { problems } = await problemsOf(read('b.ts', code("'sk-written-down'"), { env: process.env }));
    expect(problems).toMatchObject([{ code: 'config.secret_literal', path: 'stt.apiKey' }]);
    delete process.env['VOICEWIRE_TEST_KEY'];
  });
});

describe('loading', () => {
  it('gives providers, and the agent that the file names', async () => {
    await write('agent.ts', "export const agent: object = { name: 'shop', instructions: 'Answer.' };");
    const file = await write(
      'voicewire.config.yaml',
      'stt: ears\nllm: mind\ntts: voice\nagent: ./agent.ts\n',
    );
    const { providers, agent, config } = await loadConfig({ file, adapters, env: {} });
    expect(agent).toMatchObject({ name: 'shop' });
    expect(providers.llm).toMatchObject([{ provider: 'mind' }]);
    expect(config.agent).toBe('./agent.ts');
  });

  it('takes factories from the module that the file names', async () => {
    await write(
      'adapters.ts',
      "export const adapters = { stt: { own: () => ({ kind: 'stt', specVersion: 1, provider: 'own', capabilities: { formats: [] } }) } };",
    );
    const file = await write('voicewire.config.yaml', 'stt: own\nadapters: ./adapters.ts\n');
    expect((await loadConfig({ file, env: {} })).providers.stt).toMatchObject([{ provider: 'own' }]);
  });

  it('tells several problems at once, each with file, line, path, found and allowed', async () => {
    const file = await write(
      'voicewire.config.yaml',
      ['stt:', '  - ears', '  - deepgrem', 'llm:', '  use: nobody', 'tts: ./gone.mjs', ''].join('\n'),
    );
    const { error, problems } = await problemsOf(loadConfig({ file, adapters, env: {} }));
    expect(problems).toMatchObject([
      { file, line: 3, path: 'stt[1]', message: expect.stringContaining('did you mean "deepgram"') },
      { file, line: 4, path: 'llm' },
      { file, line: 6, path: 'tts' },
    ]);
    expect(error.message).toContain(`${file}:3: stt[1]`);
  });

  it.each([
    ['unknown key', 'stt: ears\nturn:\n  silenceMS:\n    5\n', { line: 3, path: 'turn.silenceMS' }],
    ['wrong value', '{\n "stt": "ears",\n "calls": {\n  "max": 0 } }', { line: 4, path: 'calls.max' }],
    [
      'agent that is not there',
      'stt: ears\nllm: mind\ntts: voice\nagent: ./gone.ts\n',
      { line: 4, path: 'agent', code: 'config.unreadable' },
    ],
    [
      'adapters that are none',
      'stt: ears\nadapters: ./package.mjs\n',
      { line: 2, path: 'adapters', code: 'config.no_export' },
    ],
  ])('names the line: %s', async (_, text, problem) => {
    await write('package.mjs', 'export const nothing = 1;');
    const file = await write('voicewire.config.yaml', text);
    const own = text.includes('package.mjs') ? {} : { adapters };
    const { problems } = await problemsOf(loadConfig({ file, ...own, env: {} }));
    expect(problems).toMatchObject([{ file, ...problem }]);
  });

  it('of an empty file says what is missing', async () => {
    const file = await write('voicewire.config.yaml', '');
    expect((await problemsOf(loadConfig({ file, env: {} }))).problems).toMatchObject([{ file }]);
  });
});

describe('watching', () => {
  it('tells of what is written now, and a broken edit keeps the last good', async () => {
    const file = await write('voicewire.config.yaml', 'stt: ears\n');
    const changes: LoadedConfig[] = [];
    const errors: ConfigError[] = [];
    const stop = watchConfig({
      file,
      adapters,
      env: {},
      onChange: (loaded) => changes.push(loaded),
      onError: (error) => errors.push(error),
    });
    await write('voicewire.config.yaml', 'stt: ears\ncalls: { max: 5 }\n');
    await expect.poll(() => changes.length).toBe(1);
    expect(changes[0]?.config.calls?.max).toBe(5);
    await write('voicewire.config.yaml', 'stt: nobody\n');
    await expect.poll(() => errors.length).toBe(1);
    expect(errors[0]?.problems).toMatchObject([{ path: 'stt', line: 1 }]);
    await write('voicewire.config.yaml', 'stt: [ears\n');
    await expect.poll(() => errors.length).toBe(2);
    expect(changes).toHaveLength(1);
    await write('voicewire.config.yaml', 'stt: ears\ncalls: { max: 6 }\n');
    await expect.poll(() => changes.at(-1)?.config.calls?.max).toBe(6);
    stop();
  });
});

describe('what createVoicewire takes', () => {
  it('is all there: providers, ladder, limits, overrides, and a place for phrases beside the file', async () => {
    const file = await write(
      'voicewire.config.yaml',
      'stt: ears\ntts: voice\ncalls: { max: 7 }\nturn: { endpointMs: 700 }\nhedge: { llm: { share: 0.05 } }\nladder: { person: "+4930111" }\nphrases: { directory: phrases }\noverrides: [{ match: { tenant: acme }, stt: media, hedge: { llm: true } }]\n',
    );
    const { options } = await loadConfig({ file, adapters, env: {} });
    expect(options).toMatchObject({
      stt: [{ provider: 'ears' }],
      tts: [{ provider: 'voice' }],
      maxCalls: 7,
      turn: { endpointMs: 700 },
      hedge: { llm: { share: 0.05 } },
      ladder: { person: '+4930111' },
      overrides: [{ match: { tenant: 'acme' }, stt: 'media', hedge: { llm: true } }],
    });
    await options.phraseStorage?.put('one', new Uint8Array([1]));
    expect(await readdir(join(directory, 'phrases'))).toEqual(['one.bin']);
  });
});
