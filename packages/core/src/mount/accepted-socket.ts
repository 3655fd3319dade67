// A carrier's WebSocket as a telephony adapter sees it.
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { MediaSocket } from '../spec/telephony.js';

/** A class, as a literal with a getter would be a dictionary to V8, and every frame of every call passes here. */
export class AcceptedSocket implements MediaSocket {
  readonly #webSocket: WebSocket;
  readonly #stream: Duplex;
  #isCorked = false;

  constructor(webSocket: WebSocket, stream: Duplex) {
    this.#webSocket = webSocket;
    this.#stream = stream;
  }

  get buffered(): number {
    return this.#webSocket.bufferedAmount;
  }

  /** What is said within one turn of the event loop, audio and its marks above all, leaves in one write. */
  send(data: string | Uint8Array): void {
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#stream.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        this.#stream.uncork();
      });
    }
    this.#webSocket.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#webSocket.close(code, reason);
  }
}
