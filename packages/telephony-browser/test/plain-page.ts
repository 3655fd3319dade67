// A page for tests, as a plain WebSocket client: it says what it is told to, well-behaved or not.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { MediaServer, ServedCall } from './media-server.js';

export interface Page {
  readonly socket: WebSocket;
  readonly call: ServedCall;
  readonly closed: Promise<number>;
  say(message: unknown): void;
  /** A frame as the worklet makes it; `bytes` of PCM16 after the header. */
  frame(number: number, options?: { track?: number; bytes?: number; kind?: number }): void;
  next(): Promise<unknown>;
}

/** A page that has connected; with `start` also one whose call has begun. */
export async function openPage(server: MediaServer, start?: Record<string, unknown>): Promise<Page> {
  const nextCall = server.nextCall();
  const socket = new WebSocket(server.url);
  const messages: unknown[] = [];
  const readers: ((message: unknown) => void)[] = [];
  socket.on('message', (data, isBinary) => {
    const message: unknown = isBinary ? data : JSON.parse((data as Buffer).toString());
    const reader = readers.shift();
    if (reader) reader(message);
    else messages.push(message);
  });
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  const page: Page = {
    socket,
    closed,
    call: await nextCall,
    say: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    frame(number, { track = 0, bytes = 640, kind = 1 } = {}) {
      const frame = new Uint8Array(8 + bytes);
      frame[0] = kind;
      frame[1] = track;
      new DataView(frame.buffer).setUint32(4, number, true);
      frame.fill(number % 200, 8);
      socket.send(frame);
    },
    next: () =>
      messages.length > 0
        ? Promise.resolve(messages.shift())
        : new Promise((resolve) => readers.push(resolve)),
  };
  if (start) {
    page.say({ type: 'start', token: 'once', sampleRate: 16_000, ...start });
    await page.call.event('start');
  }
  return page;
}

/** Resolves after everything the page sent before has been taken. */
export async function settled(page: Page): Promise<void> {
  const before = page.call.events.length;
  page.say({ type: 'dtmf', digit: 'D' });
  await page.call.event('dtmf', (event) => event.digit === 'D' && page.call.events.indexOf(event) >= before);
}
