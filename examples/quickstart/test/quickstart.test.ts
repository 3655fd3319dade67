// The quick start as it stands in the README, with real adapters on real sockets; only the vendors' addresses are replaced.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fakeApiKey, speechSound } from '@voicewire/testing';
import { startOpenAiFake } from '@voicewire/llm-openai/fake';
import type * as Deepgram from '@voicewire/stt-deepgram';
import type * as ElevenLabs from '@voicewire/tts-elevenlabs';
import { startDeepgramFake } from '@voicewire/stt-deepgram/fake';
import { startTwilioFake } from '@voicewire/telephony-twilio/fake';
import { startElevenLabsFake } from '@voicewire/tts-elevenlabs/fake';
import { afterAll, expect, it, vi } from 'vitest';

const fakes = vi.hoisted(() => ({ deepgram: '', elevenlabs: '' }));

vi.mock('@voicewire/stt-deepgram', async (original) => {
  const { createDeepgramStt } = await original<typeof Deepgram>();
  return { createDeepgramStt: () => createDeepgramStt({ baseUrl: fakes.deepgram }) };
});
vi.mock('@voicewire/tts-elevenlabs', async (original) => {
  const { createElevenLabsTts } = await original<typeof ElevenLabs>();
  return { createElevenLabsTts: () => createElevenLabsTts({ baseUrl: fakes.elevenlabs }) };
});

const closing: (() => Promise<unknown>)[] = [];

afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all(closing.map((close) => close()));
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

it('answers a call with its greeting, hears the caller, and calls its tool', async () => {
  const [twilio, deepgram, openai, elevenlabs] = await Promise.all([
    startTwilioFake(),
    startDeepgramFake({ script: 'sound' }),
    startOpenAiFake({
      script: [
        {
          parts: [
            {
              type: 'tool-calls',
              calls: [{ id: 'call-1', name: 'order_status', argumentsText: '{"orderNumber":"4711"}' }],
            },
          ],
        },
        { parts: [{ type: 'text', text: 'It is out for delivery.' }] },
      ],
    }),
    startElevenLabsFake(),
  ]);
  closing.push(...[twilio, deepgram, openai, elevenlabs].map((fake) => () => fake.close()));
  fakes.deepgram = deepgram.url;
  fakes.elevenlabs = elevenlabs.url;
  const port = await freePort();
  const settings = {
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    DEEPGRAM_API_KEY: fakeApiKey,
    ELEVENLABS_API_KEY: fakeApiKey,
    OPENAI_API_KEY: fakeApiKey,
    OPENAI_BASE_URL: `${openai.url}/v1`,
    TWILIO_ACCOUNT_SID: twilio.accountSid,
    TWILIO_AUTH_TOKEN: twilio.authToken,
  };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  await import('../src/main.js');

  const url = `${settings.PUBLIC_URL}/voicewire/twilio/voice`;
  const call = twilio.call({ from: '+14155550100', to: '+14155550199', url });
  await call.until(() => call.heard.length > 8_000);
  await call.speak(speechSound('where is my order', { encoding: 'mulaw', sampleRate: 8000, channels: 1 }));
  const before = call.heard.length;
  await call.until(() => call.heard.length > before + 8_000);
  expect(openai.requests.length).toBe(2);
  call.hangup();
  await call.ended;
  expect(call.problems).toEqual([]);

  // The primary voice is gone: the chain's second member, in this very process, says the greeting.
  await elevenlabs.close();
  const second = twilio.call({ from: '+14155550101', to: '+14155550199', url });
  await second.until(() => second.heard.length > 8_000);
  second.hangup();
  await second.ended;
  expect(second.problems).toEqual([]);
});
