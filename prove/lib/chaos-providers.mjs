// Every provider that chaos can strike: its fake, its adapter, and how its words are read from what passes on the wire.
import { createAnthropicLlm } from '@voicewire/llm-anthropic';
import { startAnthropicFake } from '@voicewire/llm-anthropic/fake';
import { createOllamaLlm } from '@voicewire/llm-ollama';
import { startOllamaFake } from '@voicewire/llm-ollama/fake';
import { createOpenAiLlm } from '@voicewire/llm-openai';
import { startOpenAiFake } from '@voicewire/llm-openai/fake';
import { createAssemblyAiStt } from '@voicewire/stt-assemblyai';
import { startAssemblyAiFake } from '@voicewire/stt-assemblyai/fake';
import { createDeepgramStt } from '@voicewire/stt-deepgram';
import { startDeepgramFake } from '@voicewire/stt-deepgram/fake';
import { createWordReader, fakeApiKey as apiKey } from '@voicewire/testing';
import { createCartesiaTts } from '@voicewire/tts-cartesia';
import { startCartesiaFake } from '@voicewire/tts-cartesia/fake';
import { createElevenLabsTts } from '@voicewire/tts-elevenlabs';
import { startElevenLabsFake } from '@voicewire/tts-elevenlabs/fake';
import { msPerChar, telephone } from './chaos-words.mjs';

/** Words in raw audio on its way up. */
function audioUp() {
  const reader = createWordReader(telephone);
  return (direction, message) =>
    direction === 'up' && typeof message !== 'string' ? reader.read(message).map(({ text }) => text) : [];
}

/** Words in audio on its way down, in a field of JSON messages. A word counts once the silence after it has come. */
function audioDown(field) {
  return () => {
    const reader = createWordReader(telephone);
    return (direction, message) => {
      const audio = direction === 'down' ? jsonOf(message)?.[field] : undefined;
      return typeof audio === 'string'
        ? reader.read(Buffer.from(audio, 'base64')).map(({ text }) => text)
        : [];
    };
  };
}

/** Words of a model: the fakes write one in each delta. */
function textDown(read) {
  return () => (direction, message) => {
    const text = direction === 'down' ? read(jsonOf(message)) : undefined;
    return typeof text === 'string' ? text.split(' ').filter((word) => word !== '') : [];
  };
}

/** The JSON of a message or of an event of a stream; undefined where it has none. */
function jsonOf(message) {
  const text = typeof message === 'string' ? message : Buffer.from(message).toString();
  try {
    return JSON.parse(/\{.*\}/s.exec(text)?.[0] ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

const ears = { script: 'sound', record: false };
const voice = { msPerChar, record: false };

/** By name; `second` is the provider of another vendor that stands behind it in its chain. */
export const providers = {
  deepgram: {
    stage: 'stt',
    second: 'assemblyai',
    start: (options) => startDeepgramFake({ ...ears, ...options }),
    create: (baseUrl) => createDeepgramStt({ apiKey, baseUrl }),
    createWordReader: audioUp,
  },
  assemblyai: {
    stage: 'stt',
    second: 'deepgram',
    start: (options) => startAssemblyAiFake({ ...ears, ...options }),
    create: (baseUrl) => createAssemblyAiStt({ apiKey, baseUrl }),
    createWordReader: audioUp,
  },
  openai: {
    stage: 'llm',
    second: 'anthropic',
    start: (options) => startOpenAiFake({ record: false, ...options }),
    create: (baseUrl) => createOpenAiLlm({ apiKey, baseUrl: `${baseUrl}/v1` }),
    createWordReader: textDown((json) => json?.choices?.[0]?.delta?.content),
  },
  anthropic: {
    stage: 'llm',
    second: 'ollama',
    start: (options) => startAnthropicFake({ record: false, ...options }),
    create: (baseUrl) => createAnthropicLlm({ apiKey, baseUrl }),
    createWordReader: textDown((json) => json?.delta?.text),
  },
  ollama: {
    stage: 'llm',
    second: 'openai',
    isKeyless: true,
    start: (options) => startOllamaFake({ record: false, ...options }),
    create: (baseUrl) => createOllamaLlm({ apiKey, baseUrl }),
    createWordReader: textDown((json) => json?.message?.content),
  },
  elevenlabs: {
    stage: 'tts',
    second: 'cartesia',
    start: (options) => startElevenLabsFake({ ...voice, ...options }),
    create: (baseUrl) => createElevenLabsTts({ apiKey, baseUrl }),
    createWordReader: audioDown('audio'),
  },
  cartesia: {
    stage: 'tts',
    second: 'elevenlabs',
    start: (options) => startCartesiaFake({ ...voice, ...options }),
    create: (baseUrl) => createCartesiaTts({ apiKey, baseUrl }),
    createWordReader: audioDown('data'),
  },
};

/** Who serves the stages that nothing strikes. */
export const healthy = { stt: 'deepgram', llm: 'openai', tts: 'elevenlabs' };
