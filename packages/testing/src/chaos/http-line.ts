// One HTTP request and its answer, streamed both ways.
import {
  type ClientRequest,
  type IncomingMessage,
  request as requestHttp,
  type ServerResponse,
} from 'node:http';
import { refuseRequest } from '../fakes/channel.js';
import { bodyFraming, pieceFraming } from './framing.js';
import { forwardedHeaders, forwardedRequest } from './http-head.js';
import type { Line, LineEnd } from './line.js';
import { resetSocket } from './socket-line.js';

/** The socket may carry requests before and after this one; faults that take it away take it from them too. */
export function responseEnd(response: ServerResponse): LineEnd {
  const { socket } = response;
  return {
    end: () => void response.end(),
    cut: () => void socket?.end(),
    leave: () => socket?.destroySoon(),
    reset: () => socket && resetSocket(socket),
  };
}

export function openHttpLine(
  line: Line,
  request: IncomingMessage,
  response: ServerResponse,
  target: URL,
): void {
  const { up, down } = line.lanes;
  let asked: ClientRequest | undefined;
  const stop = (): void => void asked?.destroy();

  function ask(): void {
    const refusal = line.refusal();
    if (refusal !== undefined) {
      return down.push({ kind: 'response', pieces: [], deliver: () => refuseRequest(response, refusal) });
    }
    asked = requestHttp(target, forwardedRequest(request, target, ['connection', 'keep-alive']));
    line.setEnd('server', { end: stop, cut: stop, leave: stop, reset: stop });
    up.writeTo(asked);
    asked.on('response', (answer) => passOn(line, response, answer));
    // `close` follows.
    asked.on('error', () => {});
    asked.on('close', () => line.closed('server', 'cut'));
    // Node would keep the head back until there is a body.
    asked.flushHeaders();
  }

  response.on('close', () => {
    stop();
    line.closed('client');
  });
  // A client that leaves in mid-request; the `close` of its response follows.
  request.on('error', () => {});
  up.push({ kind: 'request', pieces: [], deliver: ask });
  up.readFrom(request, pieceFraming(), () => {
    up.push({ kind: 'end', pieces: [], deliver: () => asked?.end() });
  });
  down.writeTo(response);
}

function passOn(line: Line, response: ServerResponse, answer: IncomingMessage): void {
  const { statusCode = 502, statusMessage = '' } = answer;
  const framings = { up: pieceFraming(), down: bodyFraming(answer.headers['content-type']) };
  function deliver(): void {
    if (line.isEmptied()) {
      line.lanes.down.finish([]);
      response.writeHead(200, forwardedHeaders(answer, ['content-length']));
      response.end();
      return;
    }
    response.writeHead(statusCode, statusMessage, forwardedHeaders(answer));
    response.flushHeaders();
    line.opened(framings);
  }
  line.lanes.down.push({ kind: 'response', pieces: [], deliver });
  line.lanes.down.readFrom(answer, framings.down, () => line.ended('server'));
}
