// Voicewire on plain node:http: web-standard requests from Node's, raw body kept, size limited.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { maxBodyBytes } from './handle-webhook.js';
import { readBody } from './read-body.js';
import type { Voicewire } from './voicewire.js';

export interface NodeListener {
  /** For `createServer(request)`. Paths that are not Voicewire's are answered 404, or go to `next`. */
  request(request: IncomingMessage, response: ServerResponse, next?: () => void): void;
  /** For `server.on('upgrade', upgrade)`. Paths that are not Voicewire's are closed, or go to `next`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, next?: () => void): void;
}

/** How long slow or silent clients hold a connection is the server's to say: `headersTimeout`, `requestTimeout`. */
export function nodeListener(voicewire: Pick<Voicewire, 'basePath' | 'handle' | 'upgrade'>): NodeListener {
  return {
    request(request, response, next) {
      const isOurs = request.url?.startsWith(`${voicewire.basePath}/`) === true;
      if (isOurs) void respond(voicewire, request, response);
      else if (next !== undefined) next();
      else send(response, 404, 'not found');
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
    // Leaving the body unread must not end the socket before the answer is out.
    const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    const body = await readBody(chunks, maxBodyBytes);
    if (body === undefined) {
      send(response, 413, 'too large', { connection: 'close' });
      return;
    }
    const answer = await voicewire.handle(toWebRequest(request, body));
    if (answer === undefined) send(response, 404, 'not found');
    else send(response, answer.status, await answer.text(), Object.fromEntries(answer.headers));
  } catch {
    // The request broke off or could not be read: whoever sent it is told if they still listen.
    if (!response.headersSent) send(response, 400, 'bad request', { connection: 'close' });
  }
}

function toWebRequest(request: IncomingMessage, body: Uint8Array<ArrayBuffer>): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const method = request.method ?? 'GET';
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
  return new Request(url, { method, headers, ...(hasBody ? { body } : {}) });
}

function send(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, headers);
  response.end(text);
}
