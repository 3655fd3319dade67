// Voicewire as an application would assemble it, for the benchmark: the shipped packages against the benchmark's providers.
import { createServer } from 'node:http';
import { createVoicewire, nodeListener } from '@voicewire/core';
import { createOpenAiLlm } from '@voicewire/llm-openai';
import { createDeepgramStt } from '@voicewire/stt-deepgram';
import { createTwilioTelephony } from '@voicewire/telephony-twilio';
import { createElevenLabsTts } from '@voicewire/tts-elevenlabs';

const baseUrl = `http://127.0.0.1:${process.env.PROVIDERS_PORT}`;
const apiKey = 'bench-key';
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const voicewire = createVoicewire({
    publicUrl: `http://127.0.0.1:${port}`,
    telephony: [
      createTwilioTelephony({
        accountSid: process.env.TWILIO_ACCOUNT_SID,
        authToken: process.env.TWILIO_AUTH_TOKEN,
      }),
    ],
    stt: createDeepgramStt({ apiKey, baseUrl }),
    llm: createOpenAiLlm({ apiKey, baseUrl: `${baseUrl}/v1`, model: 'm' }),
    tts: createElevenLabsTts({ apiKey, baseUrl, voice: 'v' }),
    // The bare loop answers at the recogniser's final, after 300 ms of silence; a longer wait would be policy, not cost.
    agent: {
      name: 'bench',
      instructions: 'Answer.',
      turn: { silenceMs: 600_000, endpointMs: 200, endpointDynamic: false },
    },
    maxCalls: 2_000,
    // The benchmark measures also what no caller should have to bear.
    maxLagMs: process.env.MAX_LAG_MS === undefined ? Infinity : Number(process.env.MAX_LAG_MS) || undefined,
  });
  const { request, upgrade } = nodeListener(voicewire);
  server.on('request', (incoming, response) => request(incoming, response));
  server.on('upgrade', (incoming, socket, head) => upgrade(incoming, socket, head));
  voicewire.on('warning', (warning) => process.stderr.write(`${warning.code}: ${warning.message}\n`));
  process.send({ port });
});
process.on('message', () => {
  const cpu = process.cpuUsage();
  // What is live, not what waits to be collected.
  globalThis.gc?.();
  process.send({ cpu, memory: process.memoryUsage() });
});
process.on('SIGTERM', () => process.exit(0));
