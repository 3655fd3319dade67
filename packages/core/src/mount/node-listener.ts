// Voicewire on plain node:http: web-standard requests from Node's, raw body kept, size and time limited.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Voicewire } from './voicewire.js';

export interface NodeListener {
  /** For `createServer(request)`. Paths that are not Voicewire's are answered 404, or go to `next`. */
  request(request: IncomingMessage, response: ServerResponse, next?: () => void): void;
  /** For `server.on('upgrade', upgrade)`. Paths that are not Voicewire's are closed, or go to `next`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, next?: () => void): void;
}

const maxBodyBytes = 64 * 1024;

export function nodeListener(voicewire: Pick<Voicewire, 'basePath' | 'handle' | 'upgrade'>): NodeListener {
  return {
    request(request, response, next) {
      const isOurs = request.url?.startsWith(`${voicewire.basePath}/`) === true;
      if (isOurs) void respond(voicewire, request, response);
      else if (next !== undefined) next();
      else send(response, new Response(null, { status: 404 }), 'not found');
    },
    upgrade(request, socket, head, next) {
      if (voicewire.upgrade(request, socket, head)) return;
      if (next === undefined) socket.destroy();
      else next();
    },
  };
}

async function respond(
  voicewire: Pick<Voicewire, 'handle'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const body = await readBody(request);
    if (body === undefined) {
      send(response, new Response('too large', { status: 413 }), 'too large');
      return;
    }
    const answer = await voicewire.handle(toWebRequest(request, body));
    if (answer === undefined) send(response, new Response(null, { status: 404 }), 'not found');
    else send(response, answer, await answer.text());
  } catch {
    // The request broke off or could not be read: whoever sent it is told if they still listen.
    if (!response.headersSent) send(response, new Response(null, { status: 400 }), 'bad request');
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function toWebRequest(request: IncomingMessage, body: Buffer): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const method = request.method ?? 'GET';
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
  return new Request(url, { method, headers, ...(hasBody ? { body: new Uint8Array(body) } : {}) });
}

function send(response: ServerResponse, { status, headers }: Response, text: string): void {
  response.writeHead(status, Object.fromEntries(headers));
  response.end(text);
}
