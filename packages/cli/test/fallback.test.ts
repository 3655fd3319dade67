// `voicewire fallback`: what it prints without a configuration is what the reference server ships; else it is one's own.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { fallbackInTerminal, type FallbackArguments } from '../src/fallback-in-terminal.js';

const shipped = fileURLToPath(new URL('../../../examples/reference-server/fallback.xml', import.meta.url));
const testing = fileURLToPath(new URL('../../testing/src/index.ts', import.meta.url));

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'voicewire-fallback-'));
  vi.stubEnv('TWILIO_ACCOUNT_SID', 'AC1');
  vi.stubEnv('TWILIO_AUTH_TOKEN', 'secret-token');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

async function print(args: FallbackArguments = {}) {
  const [output, errors] = [new PassThrough(), new PassThrough()];
  const code = await fallbackInTerminal(args, { output, errors, cwd: directory });
  const read = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? '';
  return { code, document: read(output), errors: read(errors) };
}

async function configure(telephony: string, more = ''): Promise<void> {
  await writeFile(
    join(directory, 'adapters.ts'),
    `import { createScriptedLlm, createScriptedTts, simulatedCapabilities } from ${JSON.stringify(testing)};
const carrier = { kind: 'telephony', specVersion: 1, healthKey: 'x', capabilities: simulatedCapabilities, control: {} };
export const adapters = {
  llm: { mind: () => createScriptedLlm({ responses: [] }) },
  tts: { voice: () => createScriptedTts() },
  telephony: {
    page: () => ({ ...carrier, provider: 'page' }),
    commanded: () => ({ ...carrier, provider: 'commanded', webhook: () => Promise.reject(new TypeError('no')) }),
  },
};`,
  );
  await writeFile(
    join(directory, 'agent.ts'),
    "export const agent = { name: 'shop', instructions: 'Answer.', language: 'de-DE', lines: { apology: 'Leider geht gerade nichts.', connecting: 'Ich verbinde.', goodbye: 'Auf Wiederhören.' } };",
  );
  await writeFile(
    join(directory, 'voicewire.config.yaml'),
    `adapters: ./adapters.ts\nagent: ./agent.ts\nstt: media\nllm: mind\ntts: voice\ntelephony: ${telephony}\n${more}`,
  );
}

it('prints what the reference server ships, to the byte', async () => {
  vi.stubEnv('TWILIO_ACCOUNT_SID', undefined);
  vi.stubEnv('TWILIO_AUTH_TOKEN', undefined);
  const { code, document, errors } = await print();
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  expect(document).toBe(await readFile(shipped, 'utf8'));
  expect(document).toMatch(
    /<Say>I am sorry, something went wrong .* Goodbye\.<\/Say><Hangup\/><\/Response>\n$/,
  );
});

it('speaks as the configured agent does', async () => {
  await configure('twilio');
  const { document, errors } = await print();
  expect(errors).toBe('');
  expect(document).toContain(
    '<Response><Say language="de-DE">Leider geht gerade nichts.</Say><Hangup/></Response>',
  );
});

it('connects to the person of the ladder, and says goodbye to whoever comes back', async () => {
  await configure('twilio', "ladder: { person: '+4930123456' }\n");
  expect((await print()).document).toContain(
    '<Response><Say language="de-DE">Ich verbinde.</Say><Dial answerOnBridge="true"><Number>+4930123456</Number></Dial><Say language="de-DE">Auf Wiederhören.</Say><Hangup/></Response>',
  );
});

it('says and dials what it is told instead', async () => {
  await configure('twilio', "ladder: { person: '+4930123456' }\n");
  const { document } = await print({ say: 'One moment & more.', to: 'sip:desk@example.com', language: 'en' });
  expect(document).toContain('<Say language="en">One moment &amp; more.</Say>');
  expect(document).toContain('<Sip>sip:desk@example.com</Sip>');
  expect(document).not.toContain('+4930123456');
  expect(document).not.toContain('secret-token');
});

it('is Twilio’s where no carrier is named', async () => {
  await configure('page');
  expect((await print()).document).toContain('<Say language="de-DE">Leider geht gerade nichts.</Say>');
});

it.each([
  ['a number without a country', { to: '030 123456' }, /--to.*can not be dialled/],
  ['a configuration that is not there', { config: 'nowhere.yaml' }, /nowhere\.yaml/],
])('%s is told, and nothing is printed', async (_, args, message) => {
  const { code, document, errors } = await print(args);
  expect({ code, document }).toEqual({ code: 1, document: '' });
  expect(errors).toMatch(message);
});

it('a carrier that is steered by commands has no document, and is not given another one’s', async () => {
  await configure('commanded');
  const { code, document, errors } = await print();
  expect({ code, document }).toEqual({ code: 1, document: '' });
  expect(errors).toMatch(/telephony.*commands.*commanded/);
});
