// `npm run hang-up`: the caller leaves at every 10 ms of the first five seconds; nothing of the call may go on at any provider.
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { acceptMedia, llmChain, runCall, sttChain, ttsChain } from '@voicewire/core';
import { createOpenAiLlm } from '@voicewire/llm-openai';
import { createDeepgramStt } from '@voicewire/stt-deepgram';
import { createSimulatedCaller } from '@voicewire/testing';
import { createElevenLabsTts } from '@voicewire/tts-elevenlabs';
import { createMarks } from '../bench/marks.mjs';
import { startProviders } from '../bench/providers.mjs';
import { percentile } from './lib/figures.mjs';

const { values: options } = parseArgs({
  options: {
    stepMs: { type: 'string', default: '10' },
    untilMs: { type: 'string', default: '5000' },
    concurrency: { type: 'string', default: '40' },
    json: { type: 'boolean', default: false },
  },
});
const [stepMs, untilMs, concurrency] = [options.stepMs, options.untilMs, options.concurrency].map(Number);
const bars = { closedMs: 500, quietAfterMs: 1_000 };
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Every call has its own path at the providers, so that its sockets are known. */
const works = new Map();
const providers = await startProviders(createMarks());
const front = createServer((request, response) => {
  const work = workOf(request);
  const one = { overMs: undefined };
  work.requests.push(one);
  response.once('close', () => (one.overMs = performance.now()));
  providers.server.emit('request', request, response);
});
front.on('upgrade', (request, socket, head) => {
  const work = workOf(request);
  const one = { socket, overMs: undefined };
  work.sockets.push(one);
  socket.once('close', () => (one.overMs = performance.now()));
  providers.server.emit('upgrade', request, socket, head);
});
await new Promise((resolve) => front.listen(0, '127.0.0.1', resolve));

function workOf(request) {
  const [, name, path] = /^\/(c\d+)(\/.*)$/.exec(request.url);
  request.url = path;
  return works.get(name);
}

async function sweepOne(atMs) {
  const name = `c${atMs}`;
  const work = { sockets: [], requests: [] };
  works.set(name, work);
  const baseUrl = `http://127.0.0.1:${front.address().port}/${name}`;
  const apiKey = 'sweep-key';
  let hands;
  const caller = createSimulatedCaller({
    callId: name,
    script: async (given) => {
      hands = given;
      await given.wait(300);
      for (;;) {
        await given.say('where is my order');
        await given.wait(1_500);
      }
    },
  });
  const { capabilities, control, open } = caller;
  const media = await acceptMedia({ provider: 'simulated', capabilities, open });
  const call = runCall({
    mode: 'agent',
    agent: {
      name,
      instructions: 'Answer.',
      greeting: 'Hello, this is call 1 turn 1.',
      turn: { endpointMs: 200, endpointDynamic: false },
    },
    media,
    control,
    providers: {
      stt: sttChain(createDeepgramStt({ apiKey, baseUrl })),
      llm: llmChain(createOpenAiLlm({ apiKey, baseUrl: `${baseUrl}/v1`, model: 'm' })),
      tts: ttsChain(createElevenLabsTts({ apiKey, baseUrl, voice: 'v' })),
    },
  });
  await wait(atMs);
  hands?.hangup();
  const leftMs = performance.now();
  await wait(bars.quietAfterMs);
  const before = bytesRead(work);
  await wait(600);
  const { reason } = await call.done;
  await caller.done;
  works.delete(name);
  const all = [...work.sockets, ...work.requests];
  const closedMs = Math.max(0, ...all.map(({ overMs = Infinity }) => overMs - leftMs));
  return { atMs, closedMs, lateBytes: bytesRead(work) - before, connections: all.length, reason };
}

function bytesRead({ sockets }) {
  return sockets.reduce((sum, { socket }) => sum + socket.bytesRead, 0);
}

const moments = Array.from({ length: untilMs / stepMs + 1 }, (_, index) => index * stepMs);
const results = [];
await Promise.all(
  Array.from({ length: concurrency }, async () => {
    for (let atMs = moments.shift(); atMs !== undefined; atMs = moments.shift())
      results.push(await sweepOne(atMs));
  }),
);
front.closeAllConnections();
front.close();
providers.server.closeAllConnections();
providers.close();

const closed = results.map(({ closedMs }) => closedMs);
const open = results.filter(({ closedMs }) => closedMs === Infinity);
const late = results.filter(({ closedMs }) => closedMs > bars.closedMs && closedMs !== Infinity);
const talking = results.filter(({ lateBytes }) => lateBytes > 0);
const result = {
  calls: results.length,
  connections: results.reduce((sum, { connections }) => sum + connections, 0),
  closedMs: { p50: Math.round(percentile(closed, 0.5)), max: Math.round(percentile(closed, 1)) },
  stillOpen: open.map(({ atMs }) => atMs),
  late: late.map(({ atMs, closedMs }) => [atMs, Math.round(closedMs)]),
  bytesAfterASecond: talking.map(({ atMs, lateBytes }) => [atMs, lateBytes]),
  reasons: [...new Set(results.map(({ reason }) => reason))],
};
if (options.json) console.log(JSON.stringify(result));
else console.log(result);
// What is late is late; what is open, or talks on, is a leak.
process.exitCode = open.length + talking.length > 0 ? 1 : 0;
