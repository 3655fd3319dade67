// The shop's scenarios, each as several callers in virtual time; then with real adapters on real sockets.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadConfig, readConfig } from '@voicewire/config';
import { createOpenAiLlm } from '@voicewire/llm-openai';
import { startOpenAiFake } from '@voicewire/llm-openai/fake';
import { createDeepgramStt } from '@voicewire/stt-deepgram';
import { startDeepgramFake } from '@voicewire/stt-deepgram/fake';
import { parseScenario, repeatScenario, runScenario } from '@voicewire/testing';
import { createElevenLabsTts } from '@voicewire/tts-elevenlabs';
import { startElevenLabsFake } from '@voicewire/tts-elevenlabs/fake';
import { expect, it } from 'vitest';
import { adapters } from '../src/adapters.js';
import { agent } from '../src/shop.js';

const folder = new URL('../scenarios/', import.meta.url);
const file = fileURLToPath(new URL('../voicewire.config.yaml', import.meta.url));

const files = readdirSync(folder);

it('are there', () => {
  expect(files.length).toBeGreaterThan(6);
});

it.each(files)('%s', async (name) => {
  const { providers } = await loadConfig({ file, adapters, agent, env: {} });
  const { config } = await readConfig({ file: fileURLToPath(new URL(name, folder)) });
  const { runs } = await repeatScenario(parseScenario(config), { agent, providers, repeat: 5 });
  expect(runs).toHaveLength(5);
  const broken = runs.flatMap(({ seed, findings }) =>
    findings
      .filter(({ status }) => status !== 'held')
      .map(({ path, found }) => `seed ${seed}, ${path}: ${found}`),
  );
  expect(broken).toEqual([]);
});

const lookUp = { id: '1', name: 'order_status', argumentsText: '{"order_number":"4711"}' };

/** A model behind a socket. */
function startModel() {
  return startOpenAiFake({
    script: [
      { parts: [{ type: 'tool-calls', calls: [lookUp] }] },
      { parts: [{ type: 'text', text: 'It is out for delivery.' }] },
    ],
  });
}

const asking = [
  { say: 'where is my order' },
  {
    expect: {
      calls_tool: { name: 'order_status', arguments: { order_number: '4711' } },
      says: 'out for delivery',
    },
  },
];

it('in virtual time with a model behind a real socket: it is waited for', async () => {
  const openai = await startModel();
  const llm = [createOpenAiLlm({ baseUrl: `${openai.url}/v1`, apiKey: openai.apiKey })];
  const scenario = parseScenario({
    script: asking,
    expect: { words: 'intact', provider_used: { llm: 'openai' } },
  });
  const { findings } = await runScenario(scenario, { agent, providers: { stt: [], llm } });
  await openai.close();
  expect(findings.filter(({ status }) => status !== 'held')).toEqual([]);
  expect(openai.requests.length).toBe(2);
});

it('in real time on sockets: the recogniser dies in mid-word, and the next one has every word', async () => {
  const [first, second, openai, elevenlabs] = await Promise.all([
    startDeepgramFake({ script: 'sound' }),
    startDeepgramFake({ script: 'sound' }),
    startModel(),
    startElevenLabsFake(),
  ]);
  const scenario = parseScenario({
    time: 'real',
    lines: 'sound',
    faults: { stt: { dies: { at_word: 3, code: 1011 } } },
    script: asking,
    expect: { words: 'intact', provider_used: { stt: ['deepgram', 'deepgram'] } },
  });
  const { apiKey } = openai;
  const stt = [first, second].map((fake) => createDeepgramStt({ baseUrl: fake.url, apiKey: fake.apiKey }));
  const llm = [createOpenAiLlm({ baseUrl: `${openai.url}/v1`, apiKey })];
  const tts = [createElevenLabsTts({ baseUrl: elevenlabs.url, apiKey: elevenlabs.apiKey })];
  const { findings } = await runScenario(scenario, { agent, providers: { stt, llm, tts } });
  await Promise.all([first, second, openai, elevenlabs].map((fake) => fake.close()));
  expect(findings.filter(({ status }) => status !== 'held')).toEqual([]);
  expect(second.sessions.length).toBeGreaterThan(0);
});
