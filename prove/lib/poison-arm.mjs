// The application with one call that does everything wrong an application can do: throws, floods, never settles, leaks, holds the loop.
import { createServer } from 'node:http';
import { createVoicewire, nodeListener } from '@voicewire/core';
import { createOpenAiLlm } from '@voicewire/llm-openai';
import { createDeepgramStt } from '@voicewire/stt-deepgram';
import { createTwilioTelephony } from '@voicewire/telephony-twilio';
import { createElevenLabsTts } from '@voicewire/tts-elevenlabs';

let rejections = 0;
process.on('unhandledRejection', () => (rejections += 1));
const named = new Set();
const leaked = [];
const baseUrl = `http://127.0.0.1:${process.env.PROVIDERS_PORT}`;
const apiKey = 'poison-key';
const healthy = {
  name: 'isolation',
  instructions: 'Answer.',
  turn: { silenceMs: 600_000, endpointMs: 200, endpointDynamic: false },
};
const never = () => new Promise(() => undefined);
const poisoned = {
  ...healthy,
  instructions: () => {
    if (Math.random() < 0.5) throw new TypeError('poison');
    return 'x'.repeat(200_000);
  },
  retriever: { retrieve: never },
};
let isFirst = true;
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
    agent: () => (isFirst && process.env.POISON === 'all' ? poisoned : healthy),
    maxCalls: 2_000,
    maxLagMs: Infinity,
  });
  voicewire.on('call', (call) => {
    if (!isFirst) return;
    isFirst = false;
    if (process.env.POISON === 'all') poison(call);
    if (process.env.POISON === 'hold') hold(call);
  });
  const { request, upgrade } = nodeListener(voicewire);
  server.on('request', (incoming, response) => request(incoming, response));
  server.on('upgrade', (incoming, socket, head) => upgrade(incoming, socket, head));
  process.on('message', () => process.send({ rejections, named: [...named] }));
  process.send({ port });
});
process.on('SIGTERM', () => process.exit(0));

const types = [
  'transcript-partial',
  'transcript-final',
  'agent-audio',
  'agent-heard',
  'speech-started',
  'dtmf',
];

function poison(call) {
  for (const type of types) {
    call.on(type, () => {
      throw new TypeError('poison');
    });
    call.on(type, never);
    call.on(type, (event) => leaked.push({ event, ballast: new Uint8Array(1_024) }));
  }
  call.onAudio(() => {
    throw new TypeError('poison');
  });
  call.onAudio((_side, _track, audio) => leaked.push(audio));
  // A reader that never reads, and one that never comes back.
  call.events()[Symbol.asyncIterator]();
  void (async () => {
    for await (const event of call.events()) await never(event);
  })();
  const timer = setInterval(() => {
    for (let index = 0; index < 5; index += 1) call.say('poison '.repeat(20));
  }, 100);
  void call.done.then(() => clearInterval(timer));
}

/** Nothing can isolate a synchronous loop in one process: it can be named. */
function hold(call) {
  call.on(
    'error',
    ({ code, message }) => code === 'call.hook_held_loop' && named.add(message.split(' held')[0]),
  );
  call.on('transcript-final', () => {
    const until = performance.now() + 120;
    while (performance.now() < until);
  });
}
