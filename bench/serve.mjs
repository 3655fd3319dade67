// Voicewire as an application would assemble it, in a process of its own: the shipped packages on a free port that is told to
// whoever started the process. For the benchmark and for the runs of `prove/`.
import { createServer } from 'node:http';
import { createVoicewire, nodeListener } from '@voicewire/core';
import { createOpenAiLlm } from '@voicewire/llm-openai';
import { createDeepgramStt } from '@voicewire/stt-deepgram';
import { createTwilioTelephony } from '@voicewire/telephony-twilio';
import { createElevenLabsTts } from '@voicewire/tts-elevenlabs';

const apiKey = 'bench-key';

/** The bare loop answers at the recogniser's final, after 300 ms of silence; a longer wait would be policy, not cost. */
export const agent = {
  name: 'bench',
  instructions: 'Answer.',
  turn: { silenceMs: 600_000, endpointMs: 200, endpointDynamic: false },
};

/** `ports`: of the providers, in the order of the chains. Resolves when it listens. */
export async function serve({ ports = [process.env.PROVIDERS_PORT], ...options } = {}) {
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const voicewire = createVoicewire({
    publicUrl: `http://127.0.0.1:${port}`,
    telephony: [
      createTwilioTelephony({
        accountSid: process.env.TWILIO_ACCOUNT_SID,
        authToken: process.env.TWILIO_AUTH_TOKEN,
      }),
    ],
    stt: urls.map((baseUrl) => createDeepgramStt({ apiKey, baseUrl })),
    llm: urls.map((baseUrl) => createOpenAiLlm({ apiKey, baseUrl: `${baseUrl}/v1`, model: 'm' })),
    tts: urls.map((baseUrl) => createElevenLabsTts({ apiKey, baseUrl, voice: 'v' })),
    agent,
    maxCalls: 2_000,
    // These measure also what no caller should have to bear.
    maxLagMs: Infinity,
    ...options,
  });
  const { request, upgrade } = nodeListener(voicewire);
  server.on('request', (incoming, response) => request(incoming, response));
  server.on('upgrade', (incoming, socket, head) => upgrade(incoming, socket, head));
  process.on('SIGTERM', () => process.exit(0));
  return { voicewire, tellPort: () => process.send({ port }) };
}
