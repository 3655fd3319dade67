// Calls whose connections to the providers are known one by one: when each was over, and whether anything was sent over it after
// its end was said.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { acceptMedia, llmChain, runCall, sttChain, ttsChain } from '@voicewire/core';
import { createOpenAiLlm } from '@voicewire/llm-openai';
import { createDeepgramStt } from '@voicewire/stt-deepgram';
import { createSimulatedCaller } from '@voicewire/testing';
import { createElevenLabsTts } from '@voicewire/tts-elevenlabs';
import { Receiver } from 'ws';
import { createMarks } from '../../bench/marks.mjs';
import { startProviders } from '../../bench/providers.mjs';

/** How a provider is told that nothing more comes, where that is not the close of the socket. */
const lastMessage = /"type":\s*"CloseStream"|"close_socket":\s*true/;

/** Providers with a port before them, that every call has a path of its own on. */
export async function openSweep() {
  const works = new Map();
  const providers = await startProviders(createMarks());
  const front = createServer((request, response) => {
    const connection = { closed: closeOf(response), bytesRead: () => 0, late: 0 };
    take(works, request, connection);
    providers.server.emit('request', request, response);
  });
  front.on('upgrade', (request, socket, head) => {
    take(works, request, watchSocket(socket));
    providers.server.emit('upgrade', request, socket, head);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const origin = `http://127.0.0.1:${front.address().port}`;
  return {
    /** `onConnection` is told the path of each. */
    startCall: (name, onConnection = () => undefined) => {
      const work = { connections: [], isOver: false, onConnection };
      works.set(name, work);
      return startCall(work, name, `${origin}/${name}`);
    },
    close() {
      for (const server of [front, providers.server]) server.closeAllConnections();
      front.close();
      providers.close();
    },
  };
}

/** However it came to that. */
function closeOf(stream) {
  return new Promise((resolve) => stream.once('close', resolve));
}

/** Gives the connection to its call, and the request the path that the provider knows. */
function take(works, request, connection) {
  const [, name, path] = /^\/([^/]+)(\/.*)$/.exec(request.url);
  request.url = path;
  [connection.path] = path.split('?');
  const work = works.get(name);
  if (work.isOver) connection.late += 1;
  connection.isOpen = true;
  connection.closed = connection.closed.then(() => {
    connection.isOpen = false;
    return performance.now();
  });
  work.connections.push(connection);
  work.onConnection(path);
}

/** `late`: messages after the last one, and pieces after the close frame. */
function watchSocket(socket) {
  const connection = { closed: closeOf(socket), bytesRead: () => socket.bytesRead, late: 0 };
  const receiver = new Receiver({ isServer: true });
  let isLast = false;
  let isClosing = false;
  receiver.on('message', (data, isBinary) => {
    if (isLast) connection.late += 1;
    isLast ||= !isBinary && lastMessage.test(data.toString());
  });
  receiver.on('conclude', () => (isClosing = true));
  socket.on('data', (piece) => {
    if (isClosing) connection.late += 1;
    // A copy: it is unmasked in its place.
    else receiver.write(Buffer.from(piece));
  });
  return connection;
}

/** A caller who asks the same thing again and again, until they leave. */
async function startCall(work, name, baseUrl) {
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
  const apiKey = 'sweep-key';
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
  const done = Promise.all([call.done, caller.done]).then(([{ reason }]) => {
    work.isOver = true;
    return reason;
  });
  return { connections: work.connections, leave: () => hands?.hangup(), done };
}
