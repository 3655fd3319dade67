// Connections that are two sockets: TCP as it is, and WebSockets once their handshake is through.
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Refusal } from '../fakes/dialects.js';
import { refuseUpgrade } from '../fakes/channel.js';
import { type Framing, pieceFraming } from './framing.js';
import type { Framings, Line, LineEnd } from './line.js';
import { forwardedRequest, headText } from './http-head.js';
import { webSocketFraming } from './websocket-framing.js';

export function socketEnd(socket: Socket): LineEnd {
  return {
    end: () => void socket.end(),
    cut: () => void socket.end(),
    leave: () => socket.destroySoon(),
    reset: () => resetSocket(socket),
  };
}

export function resetSocket(socket: Socket): void {
  // While an end is on its way out libuv refuses a reset, and Node then leaves the socket open for good; while a socket
  // connects, Node waits until it has.
  const isEnding = socket.writableEnded && !socket.writableFinished;
  if (isEnding || socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
}

/** What `side` says goes through its lane; its leaving is told to the line. */
function join(line: Line, side: 'client' | 'server', socket: Socket, framing: Framing): void {
  const lane = line.lanes[side === 'client' ? 'up' : 'down'];
  // Resets are part of what proxies are for; `close` follows.
  socket.on('error', () => {});
  socket.on('close', () => line.closed(side, 'reset'));
  lane.readFrom(socket, framing, () => line.ended(side));
}

function open(line: Line, framings: Framings, client: Socket, server: Socket): void {
  line.lanes.up.writeTo(server);
  line.lanes.down.writeTo(client);
  line.opened(framings);
}

export function openTcpLine(line: Line, client: Socket, target: URL): void {
  const framings = { up: pieceFraming(), down: pieceFraming() };
  function reach(): void {
    const server = connect({ host: target.hostname, port: Number(target.port), allowHalfOpen: true });
    line.setEnd('server', socketEnd(server));
    join(line, 'server', server, framings.down);
    server.on('connect', () => {
      const deliver = (): void => open(line, framings, client, server);
      line.lanes.down.push({ kind: 'response', pieces: [], deliver });
    });
  }
  line.lanes.up.push({ kind: 'request', pieces: [], deliver: reach });
  join(line, 'client', client, framings.up);
}

/** `client` is the socket of an upgrade, `head` what it has already said. */
export function openWebSocketLine(
  line: Line,
  request: IncomingMessage,
  client: Socket,
  { head, target }: { readonly head: Buffer; readonly target: URL },
): void {
  const framings = { up: webSocketFraming(true), down: webSocketFraming(false) };
  function answer(deliver: () => void): void {
    line.lanes.down.push({ kind: 'response', pieces: [], deliver });
  }
  function ask(): void {
    const refusal = refusalOf(line);
    if (refusal !== undefined) return answer(() => refuseUpgrade(client, refusal));
    // Nobody compresses: frames pass as they are, and readers read them.
    const upgrade = requestHttp(target, forwardedRequest(request, target, ['sec-websocket-extensions']));
    const stop = (): void => void upgrade.destroy();
    line.setEnd('server', { end: stop, cut: stop, leave: stop, reset: stop });
    upgrade.on('upgrade', (response, server, first) => {
      line.setEnd('server', socketEnd(server));
      answer(() => {
        client.write(headText(response, []));
        open(line, framings, client, server);
      });
      server.unshift(first);
      join(line, 'server', server, framings.down);
    });
    upgrade.on('response', (response) => {
      answer(() => {
        client.write(headText(response, ['connection', 'close']));
        line.lanes.down.writeTo(client);
      });
      line.lanes.down.readFrom(response, pieceFraming(), () => line.ended('server'));
    });
    upgrade.on('error', () => line.closed('server', 'reset'));
    upgrade.end();
  }

  line.lanes.up.push({ kind: 'request', pieces: [], deliver: ask });
  client.unshift(head);
  join(line, 'client', client, framings.up);
}

/** A success that is no upgrade refuses it too. */
function refusalOf(line: Line): Refusal | undefined {
  return line.refusal() ?? (line.isEmptied() ? { status: 200, body: '' } : undefined);
}
