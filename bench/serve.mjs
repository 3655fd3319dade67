// Voicewire as an application would assemble it: the shipped packages on a free port, that is told to whoever started the process
// where it is one of its own. For the benchmark and for the runs of `prove/`.
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

/** What whoever started the process put into its environment. */
const account = { sid: process.env.TWILIO_ACCOUNT_SID, token: process.env.TWILIO_AUTH_TOKEN };

/** `ports`: of the providers, in the order of the chains; `carrier`: the account there. Resolves when it listens. */
export async function serve({ ports = [process.env.PROVIDERS_PORT], carrier = account, ...options } = {}) {
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const voicewire = createVoicewire({
    publicUrl: `http://127.0.0.1:${port}`,
    telephony: [createTwilioTelephony({ accountSid: carrier.sid, authToken: carrier.token })],
    stt: urls.map((baseUrl) => createDeepgramStt({ apiKey, baseUrl })),
    llm: urls.map((baseUrl) => createOpenAiLlm({ apiKey, baseUrl: `${baseUrl}/v1`, model: 'm' })),
    tts: urls.map((baseUrl) => createElevenLabsTts({ apiKey, baseUrl, voice: 'v' })),
    agent,
    maxCalls: 2_000,
    // These measure also what no caller should have to bear.
    maxLagMs: Infinity,
    maxLoopUtilization: 1,
    ...options,
  });
  const { request, upgrade } = nodeListener(voicewire);
  server.on('request', (incoming, response) => request(incoming, response));
  server.on('upgrade', (incoming, socket, head) => upgrade(incoming, socket, head));
  return {
    voicewire,
    server,
    /** In a process of its own: from then on it ends when it is told to. */
    tellPort() {
      process.on('SIGTERM', () => process.exit(0));
      process.send({ port });
    },
    async close() {
      await voicewire.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
