// A simulated carrier over a real socket: signed upgrade, words both ways, refusal, who ends what.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MediaConnection } from '@voicewire/core/adapter';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { createAcmeCarrier } from '../../test/reference/telephony/fake.js';
import { createAcmeTelephony } from '../../test/reference/telephony/index.js';
import { createWordReader } from '../oracle/word-reader.js';
import { speechSound } from '../word-sound.js';
import type { Caller } from './caller.js';
import { connectWireCaller, type WireCaller, type WireCallerOptions } from './wire-caller.js';

const apiKey = 'fake-key-0123456789';
const telephone = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
const { media } = createAcmeTelephony({ apiKey });

let servers: Server[] = [];
afterEach(() => {
  for (const server of servers) server.close();
  servers = [];
});

interface Answering {
  readonly url: string;
  readonly heard: () => string;
  readonly requests: IncomingMessage[];
}

/** A server that answers each call with `speak`. */
async function answerCalls(speak: (connection: MediaConnection) => void, isLetIn = true): Promise<Answering> {
  const reader = createWordReader(telephone);
  const words: string[] = [];
  const requests: IncomingMessage[] = [];
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer();
  function open(socket: WebSocket): void {
    const connection = media?.open({
      socket: { send: (data) => socket.send(data), close: (code) => socket.close(code), buffered: 0 },
      onAudio: (_track, audio) => void words.push(...reader.read(audio).map(({ text }) => text)),
      signal: new AbortController().signal,
    });
    socket.on('message', (data) => connection?.receive((data as Buffer).toString()));
    socket.on('close', (code) => connection?.disconnected(code));
    void (async () => {
      for await (const event of connection ?? []) if (event.type === 'start' && connection) speak(connection);
    })();
  }
  server.on('upgrade', (request, socket, head) => {
    requests.push(request);
    if (isLetIn) sockets.handleUpgrade(request, socket, head, open);
    else socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}/media`,
    requests,
    heard: () => [...words, ...reader.cut().map(({ text }) => text)].join(' '),
  };
}

function callOf(url: string, script: WireCallerOptions['script']): Promise<WireCaller> {
  return connectWireCaller(createAcmeCarrier(apiKey), { url, script });
}

describe('connectWireCaller', () => {
  it('signs its upgrade, speaks, hears, and hangs up', async () => {
    const server = await answerCalls((connection) => {
      connection.send(speechSound('hello you', telephone, 40));
      connection.mark('said', 0);
    });
    const caller = await callOf(server.url, async (hands) => {
      await hands.say('good day', { msPerChar: 40 });
      await hands.agentFinishes(100);
    });
    await caller.done;
    expect(await caller.disconnected).toBe(1000);
    expect(caller.heardText()).toBe('hello you');
    expect(server.heard()).toBe('good day');
    expect(caller.commands.map(({ type }) => type)).toEqual(['mark']);
    const [request] = server.requests;
    const headers = request?.headers as Record<string, string>;
    expect(() => media?.verifyUpgrade?.({ publicUrl: server.url, headers })).not.toThrow();
  });

  it('rejects when it is refused, with the status', async () => {
    const server = await answerCalls(() => undefined, false);
    await expect(callOf(server.url, (hands) => hands.wait(10))).rejects.toThrow(/status 403/);
  });

  it('rejects when its upgrade is not answered in time', async () => {
    const server = createServer().on('upgrade', () => undefined);
    server.listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const script = (hands: Caller): Promise<void> => hands.wait(10);
    const calling = connectWireCaller(createAcmeCarrier(apiKey), { url, script, upgradeWithinMs: 30 });
    await expect(calling).rejects.toThrow(/timed out/);
  });

  it('ends when the server closes, wherever the script is', async () => {
    const server = await answerCalls((connection) => connection.close());
    const caller = await callOf(server.url, (hands) => hands.agentSpeaks());
    expect(await caller.disconnected).toBe(1000);
    await caller.done;
  });

  it('passes on what its script throws, though the hang-up ends the call first', async () => {
    const server = await answerCalls(() => undefined);
    const caller = await callOf(server.url, async (hands) => {
      await hands.wait(40);
      throw new RangeError('from the script');
    });
    await expect(caller.done).rejects.toThrow(RangeError);
    await caller.disconnected;
  });
});
