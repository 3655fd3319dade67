// Surface 1: every adapter against its provider's fake that says odd things, on sockets of loopback. A new adapter is a line in `adapters`.
import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { isVoiceError, systemClock } from '@voicewire/core';
import { createAnthropicLlm } from '@voicewire/llm-anthropic';
import { anthropicDialect } from '@voicewire/llm-anthropic/fake';
import { createOllamaLlm } from '@voicewire/llm-ollama';
import { ollamaDialect } from '@voicewire/llm-ollama/fake';
import { createOpenAiLlm } from '@voicewire/llm-openai';
import { openAiDialect } from '@voicewire/llm-openai/fake';
import { createAssemblyAiStt } from '@voicewire/stt-assemblyai';
import { assemblyAiDialect } from '@voicewire/stt-assemblyai/fake';
import { createDeepgramStt } from '@voicewire/stt-deepgram';
import { deepgramDialect, deepgramFluxDialect } from '@voicewire/stt-deepgram/fake';
import { startLlmFake, startSttFake, startTtsFake } from '@voicewire/testing';
import { createCartesiaTts } from '@voicewire/tts-cartesia';
import { cartesiaDialect } from '@voicewire/tts-cartesia/fake';
import { createElevenLabsTts } from '@voicewire/tts-elevenlabs';
import { elevenLabsDialect, elevenLabsHttpDialect } from '@voicewire/tts-elevenlabs/fake';
import { use, secretWords } from './fuzz-drive.mjs';
import { hostile, pathOf } from './fuzz-dialect.mjs';

/** What is fuzzed: a name, the dialect of the adapter's own fake, and the adapter pointed at `url`. */
export const adapters = [
  ['stt-deepgram', deepgramDialect, ({ url, apiKey }) => createDeepgramStt({ baseUrl: url, apiKey })],
  [
    'stt-deepgram-flux',
    deepgramFluxDialect,
    ({ url, apiKey }) => createDeepgramStt({ baseUrl: url, apiKey, model: 'flux-general-en' }),
  ],
  ['stt-assemblyai', assemblyAiDialect, ({ url, apiKey }) => createAssemblyAiStt({ baseUrl: url, apiKey })],
  ['tts-elevenlabs', elevenLabsDialect, ({ url, apiKey }) => createElevenLabsTts({ baseUrl: url, apiKey })],
  [
    'tts-elevenlabs-http',
    elevenLabsHttpDialect,
    ({ url, apiKey }) => createElevenLabsTts({ baseUrl: url, apiKey, model: 'eleven_v3' }),
  ],
  ['tts-cartesia', cartesiaDialect, ({ url, apiKey }) => createCartesiaTts({ baseUrl: url, apiKey })],
  ['llm-openai', openAiDialect, ({ url, apiKey }) => createOpenAiLlm({ baseUrl: `${url}/v1`, apiKey })],
  ['llm-anthropic', anthropicDialect, ({ url, apiKey }) => createAnthropicLlm({ baseUrl: url, apiKey })],
  ['llm-ollama', ollamaDialect, ({ url }) => createOllamaLlm({ baseUrl: url })],
];

/** Not told to anybody: it must not be found in an error either. */
const apiKey = 'fuzz-key-xylophone-0123456789';
const startFake = { stt: startSttFake, tts: startTtsFake, llm: startLlmFake };
const leftoverMs = 1_000;

export const providerSurfaces = adapters.map(([name, dialect, createAdapter]) => ({
  name,
  async open() {
    const sessions = new Map();
    const options = { apiKey, record: false, msPerChar: 20, script: scriptOf(name) };
    const fake = await startFake[name.slice(0, 3)](hostile(dialect, sessions), options);
    return {
      session: (chance, notes, index) =>
        runProviderSession({ fake, sessions, chance, notes, index, createAdapter }),
      close: () => closeFake(fake),
    };
  },
}));

/** Ears hear what is said; a model says text, and calls tools too where it is told of a past. */
function scriptOf(name) {
  if (!name.startsWith('llm-')) return 'sound';
  const [first, second] = secretWords;
  const calls = [
    { id: 'call_1', name: 'lookup', argumentsText: JSON.stringify({ order: first }) },
    { id: 'call_2', name: 'lookup', argumentsText: '{"order":"é☕"}' },
  ];
  const texts = [first, ' and ', second, '.'].map((text) => ({ type: 'text', text }));
  return ({ messages = [] }) => ({
    parts: messages.length % 2 ? texts : [...texts, { type: 'tool-calls', calls }],
    state: { opaque: second },
  });
}

async function runProviderSession({ fake, sessions, chance, notes, index, createAdapter }) {
  const record = { chance, sent: [] };
  sessions.set(String(index), record);
  const clock = createCountingClock();
  const controller = new AbortController();
  const adapter = createAdapter({ url: `${fake.url}${pathOf(index)}`, apiKey });
  const { error, wasStopped } = await use(adapter, { clock, controller, chance, notes });
  notes.outcome(outcomeOf(error, wasStopped));
  checkError(error, wasStopped, controller, notes);
  await checkLeftovers(clock, controller, notes);
  sessions.delete(String(index));
  return delivered(fake, index, record);
}

/** The odd messages that left before the session was over. */
function delivered(fake, index, { sent }) {
  const own = fake.sessions.filter(({ request }) => request.url.pathname.startsWith(`${pathOf(index)}/`));
  const count = own.reduce((sum, { sentCount }) => sum + sentCount, 0);
  return sent.slice(0, count).filter(Boolean).length + sent.filter((odd) => odd === 'refusal').length;
}

function outcomeOf(error, wasStopped) {
  if (error === undefined) return 'went well';
  return wasStopped ? 'went on' : `failed: ${error.class ?? error.name}`;
}

/** A failure is a typed one, and tells nothing of the key or of what was said. */
function checkError(error, wasStopped, { signal }, notes) {
  if (error === undefined) return;
  if (wasStopped && error === signal.reason) return;
  if (!isVoiceError(error)) notes.problem(`failed with no VoiceError: ${inspect(error)}`);
  const shown = `${inspect(error, { depth: 8, showHidden: true, maxStringLength: 20_000 })} ${JSON.stringify(error)}`;
  for (const secret of [apiKey, ...secretWords])
    if (shown.toLowerCase().includes(secret))
      notes.problem(`an error shows ${secret}: ${shown.slice(0, 400)}`);
}

async function checkLeftovers(clock, { signal }, notes) {
  const isClean = () => clock.pending.size === 0 && getEventListeners(signal, 'abort').length === 0;
  for (let waited = 0; waited < leftoverMs && !isClean(); waited += 20) await pause(20);
  if (isClean()) return;
  notes.problem(
    `left ${clock.pending.size} timers, ${getEventListeners(signal, 'abort').length} listeners on the signal`,
  );
}

async function closeFake(fake) {
  // Sessions, not connections: HTTP clients keep theirs for the next request.
  const countOpen = () => fake.sessions.filter(({ ended }) => ended === undefined).length;
  for (let waited = 0; waited < leftoverMs && countOpen() > 0; waited += 20) await pause(20);
  const open = countOpen();
  await fake.close();
  return open === 0 ? [] : [`${open} sessions are still open at the provider`];
}

function createCountingClock() {
  const pending = new Set();
  return {
    pending,
    now: () => systemClock.now(),
    setTimeout(callback, delayMs) {
      const handle = systemClock.setTimeout(() => {
        pending.delete(handle);
        callback();
      }, delayMs);
      pending.add(handle);
      return handle;
    },
    clearTimeout(handle) {
      pending.delete(handle);
      systemClock.clearTimeout(handle);
    },
  };
}
