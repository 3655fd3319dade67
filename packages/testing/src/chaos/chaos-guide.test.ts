// The code of the guide, as tests.
import {
  countWords,
  createWordReader,
  parseChaosRule,
  readWords,
  speechSound,
  startChaosProxy,
} from '@voicewire/testing';
import { afterEach, expect, it } from 'vitest';
import { connectWebSocket, endAll, eventually, startHttpServer, startWebSocketServer } from './test-peers.js';

afterEach(endAll);

it('is busy, and then is not', async () => {
  const { url: target } = await startHttpServer((response) => response.end('here'));
  // #region start
  const proxy = await startChaosProxy({ target }); // 'http://127.0.0.1:8080', or ws://, or tcp://
  const busy = proxy.set({ kind: 'status', status: 429, headers: { 'retry-after': '2' } });
  expect((await fetch(proxy.url)).status).toBe(429);
  expect(busy.count).toBe(1);

  proxy.heal();
  expect((await fetch(proxy.url)).status).toBe(200);
  await proxy.close();
  // #endregion start
});

it('follows a plan', async () => {
  const server = await startWebSocketServer(({ socket }) => {
    for (const text of ['one', 'two', 'three', 'four']) socket.send(text);
  });
  // #region plan
  const rules = [
    { fault: { kind: 'latency', ms: 20, jitterMs: 10 } },
    { fault: { kind: 'close', code: 1011 }, when: { afterMessages: 3 } },
  ];
  const proxy = await startChaosProxy({ target: server.url, seed: 7 });
  proxy.plan(rules.map((rule) => parseChaosRule(rule)));
  // #endregion plan
  const client = connectWebSocket(proxy.wsUrl);
  await eventually(() => client.events.includes('close 1011'));
  expect(client.received).toEqual(['one', 'two', 'three']);
  await proxy.close();
});

it('waits for a word', async () => {
  const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
  const sound = Buffer.from(speechSound('it comes on thursday or friday ', format));
  const voice = await startWebSocketServer(({ socket }) => {
    for (let at = 0; at < sound.length; at += 160) {
      socket.send(JSON.stringify({ audio: sound.subarray(at, at + 160).toString('base64') }));
    }
  });
  // #region words
  const proxy = await startChaosProxy({
    target: voice.url,
    createWordReader() {
      const reader = createWordReader(format);
      return (direction, message) => {
        if (direction === 'up' || typeof message !== 'string') return [];
        const { audio = '' } = JSON.parse(message) as { audio?: string };
        return reader.read(Buffer.from(audio, 'base64')).map(({ text }) => text);
      };
    },
  });
  proxy.set({ kind: 'cut' }, { when: { afterWord: 'thursday' } });
  // #endregion words
  const client = connectWebSocket(proxy.wsUrl);
  await eventually(() => client.events.includes('close 1006'));
  expect(proxy.record.connections[0]?.words.down).toEqual(['it', 'comes', 'on', 'thursday']);
  await proxy.close();
});

it('counts what became of words', () => {
  const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
  const recording = speechSound('it comes comes friday on', format);
  // #region oracle
  const heard = readWords(recording, format).map(({ text }) => text);
  expect(countWords(['it', 'comes', 'on', 'friday', 'morning'], heard)).toEqual({
    lost: ['morning'],
    repeated: ['comes'],
    disordered: ['friday'],
    foreign: [],
  });
  // #endregion oracle
});
