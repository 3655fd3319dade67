// Prices and limits on money in a configuration: where they are wrong is told before a call costs anything.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, type BuiltInAdapters } from '@voicewire/core';
import { createScriptedLlm, createScriptedStt, createScriptedTts } from '@voicewire/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../src/index.js';

const adapters: BuiltInAdapters = {
  stt: { ears: () => createScriptedStt({ provider: 'ears' }) },
  llm: {
    mind: () => createScriptedLlm({ provider: 'mind', responses: [] }),
    spare: () => createScriptedLlm({ provider: 'spare', responses: [] }),
  },
  tts: { voice: () => createScriptedTts({ provider: 'voice' }) },
};
const providers = `
stt: ears
llm: [mind, { use: spare, when: '' }]
tts: voice
`;
const prices = `
prices:
  stt: { ears: { perMinute: 0.0077 } }
  llm: { mind: { perMillionInputTokens: 0.4, perMillionOutputTokens: 1.6 } }
  tts: { voice: { perThousandCharacters: 0.1 } }
`;

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'voicewire-spending-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function load(text: string) {
  const file = join(directory, 'voicewire.config.yaml');
  await writeFile(file, text);
  return loadConfig({ file, adapters, env: {} });
}

async function problemsOf(text: string): Promise<readonly string[]> {
  const error: unknown = await load(text).catch((caught: unknown) => caught);
  if (!ConfigError.is(error)) throw new TypeError(`no ConfigError but ${String(error)}`);
  return error.problems.map(({ path, line, message, found = '', allowed = '' }) =>
    [path, line, message, found, allowed].join(' | '),
  );
}

it('prices and limits are part of what createVoicewire takes, also those of some tenants', async () => {
  const { options } = await load(
    `${providers}${prices}spending: { perCall: 2, perTenant: 50, withinHours: 12 }\noverrides: [{ match: { tenant: acme }, spending: { perTenant: 500 } }]\n`,
  );
  expect(options).toMatchObject({
    prices: { llm: { mind: { perMillionInputTokens: 0.4, perMillionOutputTokens: 1.6 } } },
    spending: { perCall: 2, perTenant: 50, withinHours: 12 },
    overrides: [{ match: { tenant: 'acme' }, spending: { perTenant: 500 } }],
  });
});

it('who is left out here has a name all the same, and needs no price', async () => {
  const spare = prices.replace(
    'llm: {',
    'llm: { spare: { perMillionInputTokens: 0, perMillionOutputTokens: 0 },',
  );
  await expect(load(`${providers}${spare}spending: { perCall: 2 }\n`)).resolves.toBeDefined();
  await expect(load(`${providers}${prices}spending: { perCall: 2 }\n`)).resolves.toBeDefined();
});

it.each<[string, string, readonly string[]]>([
  [
    'a name that nobody has',
    prices.replace('voice:', 'vioce:'),
    [
      'prices.tts.vioce | 9 | no tts provider of this name is configured; did you mean "voice"? | "vioce" | voice',
    ],
  ],
  [
    'a limit that would not see everybody',
    'prices: { stt: { ears: { perMinute: 1 } } }\noverrides: [{ match: { number: "+49*" }, spending: { perTenant: 5 } }]\n',
    [
      'prices.llm.mind | 5 | money is limited, and nobody says what "mind" costs: the limit would not see it |  | a price; 0 for what costs nothing',
      'prices.tts.voice | 5 | money is limited, and nobody says what "voice" costs: the limit would not see it |  | a price; 0 for what costs nothing',
    ],
  ],
  [
    'what is no amount, and what nobody asks',
    'prices: { stt: { ears: { perMinute: -1 } }, tts: { voice: { perCharacter: 1 } } }\nspending: { perCall: .inf, withinHours: 1000 }\n',
    [
      'prices.stt.ears.perMinute | 5 | config: Too small: expected number to be >=0 | -1 | at least 0',
      'prices.tts.voice.perThousandCharacters | 5 | config: this option is required |  | number',
      'prices.tts.voice.perCharacter | 5 | config: there is no such option |  | perThousandCharacters',
      'spending.perCall | 6 | config: this value is not allowed | Infinity | number',
      'spending.withinHours | 6 | config: Too big: expected number to be <=744 | 1000 | at most 744',
    ],
  ],
])('%s is told with its place', async (_, text, problems) => {
  expect(await problemsOf(`${providers}${text}`)).toEqual(problems);
});
