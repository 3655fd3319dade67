// Configurations broken in ways people break them: each is told in words, with its place, and shows nothing that may be secret.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { ConfigError, type BuiltInAdapters } from '@voicewire/core';
import { createScriptedLlm, createScriptedStt, createScriptedTts } from '@voicewire/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { loadConfig } from '../src/index.js';

const adapters: BuiltInAdapters = {
  stt: { ears: () => createScriptedStt(), others: () => createScriptedStt() },
  llm: { mind: () => createScriptedLlm({ responses: [] }) },
  tts: { voice: () => createScriptedTts() },
};
const complete = 'stt: ears\nllm: mind\ntts: voice\nagent: ./agent.ts\n';
const secret = 'sk-live-0123456789';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'voicewire-broken-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Loads the last of these files. */
async function load(files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const file = join(directory, Object.keys(files).at(-1) ?? '');
  return loadConfig({ file, adapters, env: {} });
}

it.each<[string, Readonly<Record<string, string>>, object]>([
  [
    'a bracket that is not closed',
    { 'a.yaml': 'stt: [ears\nllm: mind\n' },
    {
      line: 2,
      found: 'BAD_INDENT',
      message: expect.stringMatching(/^this can not be read: Flow sequence .*\]$/),
    },
  ],
  [
    'a tab',
    { 'a.yaml': 'calls:\n\tmax: 3\n' },
    { line: 2, message: 'this can not be read: Tabs are not allowed as indentation' },
  ],
  [
    'text where none may stand',
    { 'a.yaml': `stt: [ears]\n] ${secret}\n` },
    { line: 2, message: expect.stringMatching(/^this can not be read: Unexpected [^:]*$/) },
  ],
  [
    'two documents',
    { 'a.yaml': 'stt: ears\n---\nstt: ears\n' },
    { message: 'this can not be read: Source contains multiple documents' },
  ],
  [
    'an alias of what it stands in',
    { 'a.yaml': 'stt: &ears [ears, *ears]\n' },
    { line: 1, path: 'stt[1]', message: 'this is a part of itself' },
  ],
  ['an alias of nothing', { 'a.yaml': 'stt: *ears\n' }, { found: 'an alias without its anchor' }],
  [
    'an empty file',
    { 'a.yaml': '# later\n' },
    { code: 'config.unreadable', found: 'an empty file', message: expect.stringContaining('who listens') },
  ],
  ['an empty JSON file', { 'a.json': '' }, { found: 'an empty file' }],
  [
    'code that throws',
    { 'a.ts': `const key = '${secret}';\nthrow new TypeError(key);\n` },
    { line: 2, message: expect.stringContaining('run it alone') },
  ],
  [
    'an agent that is not there',
    { 'a.yaml': complete },
    { line: 4, path: 'agent', message: 'there is no such module; check the path' },
  ],
  [
    'an agent without instructions',
    { 'agent.ts': "export const agent = { name: 'shop' };", 'a.yaml': complete },
    { line: 4, path: 'agent.instructions', code: 'config.missing_option', allowed: expect.any(String) },
  ],
  [
    'an agent whose greeting is none',
    {
      'agent.ts': "export const agent = { name: 'shop', instructions: () => 'Answer.', greeting: 5 };",
      'a.yaml': complete,
    },
    { line: 4, path: 'agent.greeting', code: 'config.invalid_option', found: 'number' },
  ],
  [
    'more hedges than requests',
    { 'a.yaml': 'stt: ears\nhedge:\n  llm: { share: 10 }\n' },
    { line: 3, path: 'hedge.llm.share', code: 'config.invalid_option', found: '10' },
  ],
  [
    'hedges of a stage that has none, for some calls',
    { 'a.yaml': 'stt: ears\noverrides:\n  - match: { tenant: acme }\n    hedge: { tts: true }\n' },
    { line: 4, path: 'overrides[0].hedge.tts', code: 'config.unknown_option' },
  ],
  [
    'the same provider twice',
    { 'a.yaml': 'stt:\n  - ears\n  - others\n  - { use: ears, when: yes }\n' },
    { line: 4, path: 'stt[2]', code: 'config.duplicate_entry', message: expect.stringContaining('stt[0]') },
  ],
])('is told: %s', async (_, files, problem) => {
  const error: unknown = await load(files).catch((caught: unknown) => caught);
  expect(ConfigError.is(error) && error.problems).toMatchObject([
    { file: expect.stringContaining(directory), ...problem },
  ]);
  expect(String(error)).not.toContain(secret);
});

it('takes the same name with other options for another provider', async () => {
  const { config } = await load({
    'a.yaml': 'stt: [{ use: ears, region: eu }, { use: ears, region: us }]\nllm: { first: [mind, mind] }\n',
  });
  expect(config.llm).toEqual({ first: ['mind', 'mind'] });
});

it('shows no secret that stands where a name is due, and not in its cause either', async () => {
  const file = join(directory, 'a.yaml');
  await writeFile(file, 'stt: ears${ACME_API_KEY}\n');
  const error: unknown = await loadConfig({ file, adapters, env: { ACME_API_KEY: secret } }).catch(
    (caught: unknown) => caught,
  );
  expect(ConfigError.is(error) && error.problems).toMatchObject([
    { line: 1, found: '"ears${ACME_API_KEY}"' },
  ]);
  expect(inspect(error, { depth: 5 })).not.toContain(secret);
});

it('says nothing on the console about a map for a key', async () => {
  const warn = vi.spyOn(process, 'emitWarning');
  await expect(load({ 'a.yaml': '{ stt: ears, { a: b }: c }\n' })).rejects.toThrow(/a: b/);
  expect(warn).not.toHaveBeenCalled();
});
