// A small voice application on plain node:http: webhooks and media go to the adapter, what it does is up to the test.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  CallInstruction,
  MediaConnection,
  TelephonyAdapter,
  TelephonyEvent,
} from '@voicewire/core/adapter';
import { WebSocketServer, type WebSocket } from 'ws';

export interface ApplicationOptions {
  /** Set after the fake is there, which needs no address of ours. */
  readonly adapter: TelephonyAdapter;
  /** What the carrier knows us as. Default: where we are. */
  readonly publicUrl?: (localUrl: string) => string;
  instruct(event: TelephonyEvent, urls: ApplicationUrls): readonly CallInstruction[];
  onMedia?(connection: MediaConnection, heard: readonly Uint8Array[]): void;
}

export interface ApplicationUrls {
  readonly voice: string;
  readonly status: string;
  readonly media: string;
}

export interface Application {
  readonly urls: ApplicationUrls;
  readonly localUrl: string;
  readonly events: readonly TelephonyEvent[];
  /** What the adapter refused. */
  readonly refused: readonly unknown[];
  close(): Promise<void>;
}

export async function startApplication(options: ApplicationOptions): Promise<Application> {
  const events: TelephonyEvent[] = [];
  const refused: unknown[] = [];
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const localUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const publicUrl = options.publicUrl?.(localUrl) ?? localUrl;
  const urls = {
    voice: `${publicUrl}/voice`,
    status: `${publicUrl}/status`,
    media: `${publicUrl.replace('http', 'ws')}/media`,
  };

  server.on('request', (message, response) => {
    const path = message.url ?? '';
    void (async () => {
      try {
        const webhook = await options.adapter.webhook?.(await toRequest(message, localUrl + path), {
          publicUrl: publicUrl + path,
        });
        events.push(...(webhook?.events ?? []));
        const answer = webhook?.respond(webhook.events.flatMap((event) => options.instruct(event, urls)));
        response.writeHead(200, Object.fromEntries(answer?.headers ?? [])).end(await answer?.text());
      } catch (error) {
        refused.push(error);
        response.writeHead(403).end();
      }
    })();
  });
  server.on('upgrade', (message, socket, head) => {
    const headers = message.headers as Record<string, string>;
    try {
      options.adapter.media?.verifyUpgrade?.({ publicUrl: publicUrl + (message.url ?? ''), headers });
    } catch (error) {
      refused.push(error);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(message, socket, head, (webSocket) => openMedia(options, webSocket));
  });

  return {
    ...{ urls, localUrl, events, refused },
    async close() {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function toRequest(message: IncomingMessage, url: string): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const headers = new Headers(message.headers as Record<string, string>);
  const { method = 'GET' } = message;
  return new Request(url, { method, headers, body: method === 'POST' ? Buffer.concat(chunks) : null });
}

function openMedia({ adapter, onMedia }: ApplicationOptions, webSocket: WebSocket): void {
  const heard: Uint8Array[] = [];
  const connection = adapter.media?.open({
    socket: {
      send: (data) => webSocket.send(data),
      close: (code, reason) => webSocket.close(code, reason),
      get buffered() {
        return webSocket.bufferedAmount;
      },
    },
    onAudio: (_, audio) => heard.push(audio),
    signal: new AbortController().signal,
  });
  if (connection === undefined) return;
  webSocket.on('message', (data: Buffer, isBinary) => connection.receive(isBinary ? data : data.toString()));
  webSocket.on('close', (code) => connection.disconnected(code));
  onMedia?.(connection, heard);
}
