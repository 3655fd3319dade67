// Surface 2: one good answer of a language model, cut into packets at every byte, gives the same parts every time.
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { startLlmFake } from '@voicewire/testing';
import { adapters } from './fuzz-providers.mjs';

const apiKey = 'fuzz-key';
const models = adapters.filter(([name]) => name.startsWith('llm-'));
const calls = [
  { id: 'call_1', name: 'lookup', argumentsText: '{"order":"é☕","n":[1,2]}' },
  { id: 'call_2', name: 'lookup', argumentsText: '{}' },
];
const answer = {
  parts: [
    { type: 'text', text: 'Ja, é' },
    { type: 'text', text: '☕🎈\n' },
    { type: 'tool-calls', calls },
  ],
};
/** So far around characters of several bytes, every pair of cuts is tried too. */
const windowBytes = 48;

export const cutSurface = {
  name: 'llm-cuts',
  async open() {
    const lines = await Promise.all(models.map(openLine));
    return {
      /** There are no more than these. */
      sessions: lines.length * Math.max(...lines.map(({ cuts }) => cuts.length)),
      async session(_, notes, index) {
        // One after the other through the models, so that a short run has some of each.
        const { name, cuts, expected, read } = lines[index % lines.length];
        const places = cuts[Math.floor(index / lines.length)];
        if (places === undefined) return 0;
        const parts = await read(places).catch((error) => [String(error)]);
        if (isDeepStrictEqual(parts, expected)) notes.outcome(name);
        else
          notes.problem(
            `${name} cut at ${places.slice(0, 4)} of ${places.length} gave ${JSON.stringify(parts)}`,
          );
        return 1;
      },
      close: () => Promise.all(lines.map(({ close }) => close())).then(() => []),
    };
  },
};

/** A server that says the recorded answer of `name`'s fake in pieces. */
async function openLine([name, dialect, createAdapter]) {
  const raw = await record(dialect, createAdapter);
  const plans = new Map();
  const sockets = new Set();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    void reply(socket, raw, plans);
  });
  const url = await listening(server);
  let asked = 0;
  const read = async (places) => {
    const path = `/cut-${(asked += 1)}`;
    plans.set(path, places);
    const parts = await readAll(createAdapter({ url: url + path, apiKey }));
    plans.delete(path);
    return parts;
  };
  const expected = await read([]);
  return { name, cuts: cutsOf(raw), expected, read, close: () => closed(server, sockets) };
}

/** Each byte, then all at once, then pairs where it is most likely to matter. */
function cutsOf(raw) {
  const every = Array.from({ length: raw.length - 1 }, (_, index) => index + 1);
  const first = raw.findIndex((byte) => byte >= 0x80) - windowBytes / 2;
  const near = every.filter((place) => place >= first && place < first + windowBytes);
  const pairs = near.flatMap((one, index) => near.slice(index + 1).map((other) => [one, other]));
  return [every, ...every.map((place) => [place]), ...pairs];
}

async function reply(socket, raw, plans) {
  let head = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    head += chunk.toString('latin1');
    const [, length = '0'] = /content-length: (\d+)/i.exec(head) ?? [];
    const bodyAt = head.indexOf('\r\n\r\n') + 4;
    if (bodyAt >= 4 && head.length >= bodyAt + Number(length)) break;
  }
  const places = plans.get(/^POST (\/cut-\d+)/.exec(head)?.[1]) ?? [];
  let sent = 0;
  for (const place of [...places, raw.length]) {
    if (socket.destroyed) return;
    socket.write(raw.subarray(sent, place));
    sent = place;
    // The reader has its turn between two packets.
    for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
}

/** The bytes of the fake's whole answer to the adapter, status line and framing included. */
async function record(dialect, createAdapter) {
  const fake = await startLlmFake(dialect, { apiKey, script: [answer] });
  let raw;
  const recorder = createHttpServer((request, response) => {
    void forward(request, fake.url).then((bytes) => {
      raw = bytes;
      response.socket.end(bytes);
    });
  });
  const url = await listening(recorder);
  await readAll(createAdapter({ url, apiKey }));
  await closed(recorder, []);
  await fake.close();
  return raw;
}

async function forward(request, url) {
  const body = Buffer.concat(await request.toArray());
  const headers = { ...request.headers, connection: 'close', 'content-length': body.length };
  delete headers['transfer-encoding'];
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('')}\r\n`);
  socket.write(body);
  return Buffer.concat(await socket.toArray());
}

async function readAll(adapter) {
  const lookup = { name: 'lookup', description: 'Look up.', parameters: { type: 'object' } };
  const messages = [{ role: 'user', content: 'Where?' }];
  const { signal } = new AbortController();
  const parts = [];
  for await (const part of adapter.generate({ messages, tools: [lookup], signal })) parts.push(part);
  return parts;
}

async function listening(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

async function closed(server, sockets) {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
}
