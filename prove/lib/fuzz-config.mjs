// Surface 5: configurations, as YAML, as JSON and as objects: each is loaded or told as a ConfigError that shows no secret.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { loadConfig } from '@voicewire/config';
import { ConfigError, createRegistry } from '@voicewire/core';
import { createOpenAiLlm } from '@voicewire/llm-openai';
import { createDeepgramStt } from '@voicewire/stt-deepgram';
import { createTwilioTelephony } from '@voicewire/telephony-twilio';
import { createElevenLabsTts } from '@voicewire/tts-elevenlabs';
import { damageBytes, damageJson, damageText } from './fuzz-mutate.mjs';

const secret = 'sk-live-xylophone-0123456789';
const env = {
  DEEPGRAM_API_KEY: secret,
  OPENAI_API_KEY: secret,
  ELEVENLABS_API_KEY: secret,
  TWILIO_AUTH_TOKEN: secret,
  ODD_TOKEN: `a: [${secret}`,
  PORT: '8080',
  EMPTY: '',
};
const references = [
  '${',
  '${}',
  '${NOBODY}',
  '${ODD_TOKEN}',
  '${DEEPGRAM_API_KEY}',
  '$${PORT}',
  '${PORT:-',
  '${__proto__}',
  '${A:-${B}}',
];

/** Where the environment of the fuzz run has keys, they must not make a difference. */
const adapters = {
  stt: { deepgram: createDeepgramStt },
  llm: { openai: createOpenAiLlm },
  tts: { elevenlabs: createElevenLabsTts },
  telephony: { twilio: createTwilioTelephony },
};

const right = {
  agent: './agent.mjs',
  stt: [
    { use: 'deepgram', apiKey: '${DEEPGRAM_API_KEY}' },
    { use: 'deepgram', apiKey: '${DEEPGRAM_API_KEY}', model: 'nova-3', labels: ['eu'] },
  ],
  llm: { first: [{ use: 'openai', apiKey: '${OPENAI_API_KEY:-}', when: '${OPENAI_API_KEY:-}' }, 'nobody'] },
  tts: { use: 'elevenlabs', apiKey: '${ELEVENLABS_API_KEY}' },
  telephony: { use: 'twilio', accountSid: `AC${'0'.repeat(32)}`, authToken: '${TWILIO_AUTH_TOKEN}' },
  calls: { max: 100 },
  turn: { endpointMs: 400, endpointDynamic: true },
  budgets: { llm: { firstPartMs: 3_000 } },
  ladder: {
    retries: 1,
    person: '+14155550111',
    menu: { prompt: 'Press.', keys: { 1: 'person', 2: 'goodbye' } },
  },
  hedge: { llm: { share: 0.1, afterMs: 400 } },
  prices: {
    stt: { deepgram: { perMinute: 0.01 } },
    llm: {
      openai: { perMillionInputTokens: 0.5, perMillionOutputTokens: 2 },
      nobody: { perMillionInputTokens: 0, perMillionOutputTokens: 0 },
    },
    tts: { elevenlabs: { perThousandCharacters: 0.1 } },
    telephony: { twilio: { perMinute: 0.01 } },
  },
  spending: { perCall: 2, perTenant: 50, withinHours: 24 },
  require: ['eu'],
  overrides: [
    {
      match: { tenant: 'clinic', number: '+4930*' },
      require: ['us'],
      ladder: { retries: 0 },
      spending: { perTenant: 5 },
    },
  ],
  phrases: { directory: './phrases', maxMegabytes: 5 },
  server: { port: '${PORT:-8080}', publicUrl: 'https://voice.example.com' },
};

const yaml = `# a comment
agent: ./agent.mjs
stt: &ears [{ use: deepgram, apiKey: '\${DEEPGRAM_API_KEY}' }, { use: deepgram, model: nova-2, apiKey: '\${DEEPGRAM_API_KEY}', labels: [eu] }] # primary, second
llm:
  first:
    - { use: openai, apiKey: "\${OPENAI_API_KEY:-}", when: '\${OPENAI_API_KEY:-}' }
tts:
  use: elevenlabs
  apiKey: \${ELEVENLABS_API_KEY}
calls: { max: 100 }
turn: { endpointMs: 400 }
hedge: { llm: true }
spending: { perCall: 2 }
prices: { stt: { deepgram: { perMinute: 0.01 } }, llm: { openai: { perMillionInputTokens: 1, perMillionOutputTokens: 2 } }, tts: { elevenlabs: { perThousandCharacters: 0.1 } } }
overrides:
  - match: { language: de }
    stt: *ears
    ladder: { person: '+4930123456' }
server: { port: '\${PORT:-8080}', publicUrl: 'https://voice.example.com' }
`;
/** What only YAML has. */
const yamlOddities = [
  '&a [*a]\n',
  '!!binary x',
  '!!js/function "x"',
  '<<: *ears\n',
  '--- \n',
  '? [a]\n: b\n',
  '\t',
  '%TAG ! x\n',
  '{',
  '*none',
  '!!set {a}',
  '"\\x"',
  '|\n  text\n',
  '- - -\n',
  '2026-01-01',
  '.nan',
  '.inf',
  '0x1f',
  '~',
];

export const configSurface = {
  name: 'config',
  async open() {
    const directory = await mkdtemp(join(tmpdir(), 'voicewire-fuzz-'));
    await writeFile(
      join(directory, 'agent.mjs'),
      "export const agent = { name: 'shop', instructions: 'Answer.' };",
    );
    return {
      async session(chance, notes, index) {
        const load = chance.pick([loadYaml, loadYaml, loadJson, loadObject]);
        const error = await load({ chance, directory, index }).then(
          () => undefined,
          (caught) => caught,
        );
        notes.outcome(error === undefined ? 'loaded' : (error.code ?? error.name));
        checkError(error, notes);
        return 1;
      },
      close: () => rm(directory, { recursive: true, force: true }),
    };
  },
};

function checkError(error, notes) {
  if (error === undefined) return;
  if (!ConfigError.is(error)) notes.problem(`failed with no ConfigError: ${inspect(error)}`);
  const shown = `${inspect(error, { depth: 8, showHidden: true, maxStringLength: 20_000 })} ${JSON.stringify(error)}`;
  if (shown.includes(secret)) notes.problem(`an error shows a secret: ${shown.slice(0, 600)}`);
}

async function loadFile({ directory, index }, extension, content) {
  const file = join(directory, `${index}.${extension}`);
  await writeFile(file, content);
  await loadConfig({ file, adapters, env });
  await rm(file);
}

function loadYaml(session) {
  const { chance } = session;
  const at = chance.below(yaml.length);
  const end = yaml.indexOf('\n', at) + 1;
  const content = chance.pick([
    () => damageText(yaml, chance),
    () => yaml.slice(0, at) + chance.pick(yamlOddities) + yaml.slice(at),
    () => yaml.slice(0, at) + chance.pick(references) + yaml.slice(at),
    () => yaml.slice(0, at) + yaml.slice(end),
    () => yaml.replace(/: [^\n]*/, () => `: ${chance.pick(yamlOddities)}`),
    () => damageBytes(Buffer.from(yaml), chance),
  ])();
  return loadFile(session, chance.pick(['yaml', 'yml']), content);
}

const oddJson = (chance) =>
  damageJson(JSON.stringify(right), chance).replace(/\$\{[A-Z_]+/, (found) =>
    chance.is(0.2) ? chance.pick(references) : found,
  );

function loadJson(session) {
  return loadFile(session, 'json', oddJson(session.chance));
}

/** As an application gives it: no file; secrets stand where they are due. */
async function loadObject({ chance, directory }) {
  const text = oddJson(chance);
  let config;
  try {
    config = JSON.parse(text, (name, value) =>
      /(apiKey|authToken)$/.test(name) && value !== null ? secret : value,
    );
  } catch {
    config = chance.pick([undefined, text, Symbol('odd'), () => right, 10n, new Map(), circular()]);
  }
  await createRegistry({ adapters, baseDirectory: directory }).load(config);
}

function circular() {
  const value = { ...right };
  value.calls = value;
  return value;
}
