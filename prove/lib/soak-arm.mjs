// The application under soak, in a process of its own: chains whose first member fails often, and figures when they are asked for.
import { createServer } from 'node:http';
import { createMemoryCallStore, createVoicewire, nodeListener } from '@voicewire/core';
import { createOpenAiLlm } from '@voicewire/llm-openai';
import { createDeepgramStt } from '@voicewire/stt-deepgram';
import { createTwilioTelephony } from '@voicewire/telephony-twilio';
import { createElevenLabsTts } from '@voicewire/tts-elevenlabs';

const warnings = [];
process.on('warning', ({ name }) => warnings.push(name));
let rejections = 0;
process.on('unhandledRejection', () => (rejections += 1));

const urls = [process.env.FAULTY_PORT, process.env.PROVIDERS_PORT].map((port) => `http://127.0.0.1:${port}`);
const apiKey = 'soak-key';
const server = createServer();
const reasons = {};
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
    stt: urls.map((baseUrl) => createDeepgramStt({ apiKey, baseUrl })),
    llm: urls.map((baseUrl) => createOpenAiLlm({ apiKey, baseUrl: `${baseUrl}/v1`, model: 'm' })),
    tts: urls.map((baseUrl) => createElevenLabsTts({ apiKey, baseUrl, voice: 'v' })),
    agent: {
      name: 'soak',
      instructions: 'Answer.',
      turn: { silenceMs: 600_000, endpointMs: 200, endpointDynamic: false },
    },
    maxCalls: 2_000,
    // Few records, so that the store is full before anything is measured.
    store: createMemoryCallStore(100),
    maxLagMs: Infinity,
  });
  voicewire.on('call-over', ({ events }) => {
    const last = events.at(-1);
    const reason = last?.type === 'call-ended' ? last.reason : 'unknown';
    reasons[reason] = (reasons[reason] ?? 0) + 1;
  });
  const { request, upgrade } = nodeListener(voicewire);
  server.on('request', (incoming, response) => request(incoming, response));
  server.on('upgrade', (incoming, socket, head) => upgrade(incoming, socket, head));
  process.on('message', () => {
    for (let round = 0; round < 3; round += 1) globalThis.gc();
    const resources = {};
    for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
    const { heapUsed, external, rss } = process.memoryUsage();
    const health = voicewire.health();
    process.send({
      heapKb: heapUsed / 1024,
      externalKb: external / 1024,
      rssMb: rss / 1024 / 1024,
      resources,
      live: voicewire.calls.size,
      inFlight: health.reduce((sum, { inFlight }) => sum + inFlight, 0),
      reasons,
      warnings,
      rejections,
    });
  });
  process.send({ port });
});
process.on('SIGTERM', () => process.exit(0));
