// `voicewire test` as a person runs it: files and folders in, findings with their lines out, and an exit code.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { writeWav } from '@voicewire/core/adapter';
import { readConfig } from '@voicewire/config';
import { parseScenario, speechSound } from '@voicewire/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testInTerminal, type TestArguments } from '../src/test-in-terminal.js';
import { testScenarios } from '../src/test-scenarios.js';

/** Alone, because each test reads these modules anew. */
const [ears, mind, voice] = ['stt', 'llm', 'tts'].map((kind) =>
  JSON.stringify(fileURLToPath(new URL(`../../testing/src/scripted/scripted-${kind}.ts`, import.meta.url))),
);
const wide = { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 } as const;

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'voicewire-test-'));
  await mkdir(join(directory, 'scenarios'));
  await write(
    'adapters.ts',
    `import { createScriptedStt } from ${ears};
import { createScriptedLlm } from ${mind};
import { createScriptedTts } from ${voice};
let asked = 0;
export const adapters = {
  stt: { ears: () => createScriptedStt({ provider: 'ears', pauseMs: 200 }) },
  llm: {
    mind: () => createScriptedLlm({ provider: 'mind', responses: (request) => 'you said ' + request.messages.at(-1).content }),
    moody: () => createScriptedLlm({ provider: 'moody', responses: () => ((asked += 1) % 4 === 0 ? 'no' : 'yes') }),
  },
  tts: { voice: () => createScriptedTts({ provider: 'voice', msPerChar: 40 }) },
};`,
  );
  await write(
    'agent.ts',
    "export const agent = { name: 'Test shop', instructions: 'Answer.', greeting: 'hello' };",
  );
  await write(
    'voicewire.config.yaml',
    'adapters: ./adapters.ts\nagent: ./agent.ts\nstt: ears\nllm: mind\ntts: voice\n',
  );
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, content);
  return file;
}

const good = `name: Says it again
script:
  - say: good morning
  - expect: { says: you said good morning, within_ms: 2000 }
`;
const bad = `name: Says something else
script:
  - say: good morning
  - expect:
      within_ms: 2000
      says: good evening
`;

async function test(args: TestArguments, signal?: AbortSignal) {
  const [output, errors] = [new PassThrough(), new PassThrough()];
  const config = join(directory, 'voicewire.config.yaml');
  const code = await testInTerminal({ config, ...args }, { output, errors, signal });
  const read = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? '';
  return { code, shown: read(output), errors: read(errors) };
}

describe('test', () => {
  it('plays the files it is given, and the folder beside the configuration by default', async () => {
    const file = await write('scenarios/a.yaml', good);
    await write('scenarios/b.json', JSON.stringify({ name: 'In JSON', script: [{ wait_for: 'agent' }] }));
    await write('scenarios/notes.md', 'no scenario');
    const named = await test({ files: [file] });
    expect(named.errors).toBe('');
    expect(named.shown).toMatch(
      /^✓ Says it again {2}\([\d.]+ s of call\)\n\n1 of 1 passed; [\d.]+ s of calls in [\d.]+ s\n$/,
    );
    expect(named.code).toBe(0);
    for (const files of [undefined, [], [join(directory, 'scenarios')]]) {
      expect((await test({ files })).shown).toContain('2 of 2 passed');
    }
  });

  it('finds the configuration that is nearest to the first file', async () => {
    const file = await write('scenarios/a.yaml', good);
    expect((await test({ config: undefined, files: [file] })).code).toBe(0);
  });

  it('says what was expected, what was found, when and where, and how to play it again', async () => {
    const file = await write('scenarios/bad.yaml', bad);
    const { code, shown } = await test({ files: [file], repeat: '2' });
    expect(code).toBe(1);
    expect(shown).toContain('✗ Says something else  (0 of 2 runs, ');
    expect(shown).toContain(
      `${file}:6: script[1].expect.says\n    expected: the agent says "good evening"\n`,
    );
    expect(shown).toMatch(/found: {4}heard "you said good morning" \(at [\d.]+ s\)/);
    expect(shown).toMatch(/[\d.]+ s {2}caller {2}good morning/);
    expect(shown).toContain('also with seed 2');
    expect(shown).toContain(`again: voicewire test ${file} --seed 1 --config ${directory}`);
    expect(shown).toContain('0 of 1 passed; 2 runs, 0.0 % passed');
  });

  it('--min-pass-rate: what passes often enough, passes', async () => {
    await write(
      'voicewire.config.yaml',
      'adapters: ./adapters.ts\nagent: ./agent.ts\nstt: ears\nllm: moody\ntts: voice\n',
    );
    const file = await write('scenarios/moody.yaml', "script: [{ say: well }, { expect: { says: 'yes' } }]");
    const junit = join(directory, 'out.xml');
    const enough = await test({ files: [file], repeat: '8', 'min-pass-rate': '0.75', junit });
    expect([enough.code, enough.shown]).toEqual([0, expect.stringContaining('✓ moody  (6 of 8 runs, ')]);
    expect(await readFile(junit, 'utf8')).toContain('failures="0"');
    const tooFew = await test({ files: [file], repeat: '8', 'min-pass-rate': '0.8', junit });
    expect([tooFew.code, tooFew.shown]).toEqual([1, expect.stringContaining('✗ moody  (6 of 8 runs, ')]);
    expect(await readFile(junit, 'utf8')).toMatch(
      /<failure message="6 of 8 runs passed; 80 % have to"[^]*heard &quot;no&quot;/,
    );
  });

  it('--json: the results and nothing else', async () => {
    const file = await write('scenarios/bad.yaml', bad);
    const { shown } = await test({ files: [file], json: true, seed: '5' });
    const [result] = JSON.parse(shown) as readonly {
      runs: readonly { seed: number; findings: readonly object[] }[];
    }[];
    expect(result).toMatchObject({ name: 'Says something else', passed: false, passRate: 0 });
    expect(result?.runs[0]).toMatchObject({ seed: 5, passed: false });
    expect(result?.runs[0]?.findings[0]).toMatchObject({
      path: 'script[1].expect.says',
      status: 'broken',
      line: 6,
    });
  });

  it('--real-time: types on the configured providers, and leaves alone what says time: virtual', async () => {
    await write('scenarios/a.yaml', good);
    await write(
      'scenarios/b.yaml',
      `${good}time: virtual\nproviders: { stt: [one, two] }\nexpect: { words: intact }\n`,
    );
    const { code, shown, errors } = await test({ 'real-time': true });
    expect([code, errors]).toEqual([0, '']);
    expect(shown).toContain('2 of 2 passed');
  });

  it('plays recordings to the configured ears, and says what it could not check', async () => {
    await write('scenarios/caller.wav', writeWav(speechSound('where is it', wide), wide));
    const file = await write(
      'scenarios/a.yaml',
      'time: real\nscript: [{ wav: caller.wav }, { expect: { says: you said where is it } }]\nexpect: { words: intact }\n',
    );
    const { code, shown, errors } = await test({ files: [file] });
    expect([code, errors]).toEqual([0, '']);
    expect(shown).toMatch(/✓ a {2}\([\d.]+ s of call, 1 not checked\)/);
  });

  it('tells what is wrong in all files at once, before anything is played', async () => {
    await write('scenarios/a.yaml', good);
    await write('scenarios/b.yaml', 'script:\n  - sai: hello\n  - say: 5\n');
    await write('scenarios/c.yaml', 'tools: { nothing: 1 }\nscript: [{ wav: a.wav }]\n');
    await write('scenarios/d.yaml', 'script: [');
    await write('scenarios/e.yaml', 'time: real\nscript: [{ wav: gone.wav }]\n');
    const { code, shown, errors } = await test({});
    expect([code, shown]).toEqual([1, '']);
    expect(errors).toMatch(/b\.yaml:2: script\[0\]\.sai: .*did you mean say/);
    expect(errors).toMatch(/b\.yaml:3: script\[1\]\.say: .*\(found 5; allowed: string\)/);
    expect(errors).toMatch(/c\.yaml:2: script\[0\]\.wav: /);
    expect(errors).toMatch(/c\.yaml:1: tools\.nothing: /);
    expect(errors).toMatch(/d\.yaml:\d: this can not be read/);
    expect(errors).toMatch(/e\.yaml:2: script\[0\]\.wav: there is no such recording \(found gone\.wav\)/);
  });

  it.each<[string, TestArguments, RegExp]>([
    ['a file that is not there', { files: ['gone.yaml'] }, /there is no such file .*gone\.yaml/],
    ['no scenarios', { files: [] }, /there are no scenarios/],
    ['repeat', { repeat: '0' }, /--repeat: .*found 0; allowed: a whole number from 1/],
    ['half a run', { repeat: '1.5' }, /--repeat: .*found 1\.5/],
    ['seed', { seed: 'x' }, /--seed: .*found x/],
    ['rate', { 'min-pass-rate': '90' }, /--min-pass-rate: .*found 90; allowed: a number from 0 to 1/],
  ])('exits with 1: %s', async (_, args, message) => {
    const { code, errors } = await test(args);
    expect(code).toBe(1);
    expect(errors).toMatch(message);
  });

  it('needs an agent', async () => {
    await write('voicewire.config.yaml', 'adapters: ./adapters.ts\nstt: ears\nllm: mind\ntts: voice\n');
    expect((await test({})).errors).toMatch(/voicewire\.config\.yaml: agent: there is nobody to test/);
  });

  it('stops when it is told to, and that is no success', async () => {
    await write('scenarios/a.yaml', good);
    const { code, shown } = await test({}, AbortSignal.abort());
    expect([code, shown]).toEqual([1, expect.stringContaining('0 of 0 passed')]);
  });

  it('as a function: whole logs', async () => {
    const file = await write('scenarios/a.yaml', good);
    const [tested] = await testScenarios({
      files: [file],
      config: { file: join(directory, 'voicewire.config.yaml') },
    });
    expect(tested?.result.runs[0]?.log.at(-1)?.type).toBe('call-ended');
    expect(tested?.lineOf('script[1].expect')).toBe(4);
  });

  it('takes what the guide shows', async () => {
    const guide = await readFile(new URL('../../../docs/guides/scenarios.md', import.meta.url), 'utf8');
    const shown = [...guide.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text = '']) => text);
    expect(shown.length).toBeGreaterThan(2);
    for (const text of shown) {
      const { config } = await readConfig({ file: await write('scenarios/shown.yaml', text) });
      expect(parseScenario(config).script.length).toBeGreaterThan(1);
    }
  });
});
