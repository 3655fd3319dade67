// One connection or one request, as a fake saw it.
import type { FakeChannel } from './channel.js';
import type { DialectBasics, FakeRequest, WireMessage } from './dialects.js';
import type { Misbehaviour } from './misbehaviour.js';
import { closeOutlet, type Outlet } from './outlet.js';

/** How a session ended: `client` when the client closed or vanished first. */
export interface FakeSessionEnd {
  readonly by: 'client' | 'fake';
  /** The close code seen, 1006 without one; for HTTP 1000 (the body was sent whole) or 1006. */
  readonly code: number;
  readonly atMs: number;
}

export interface ReceivedMessage {
  readonly data: WireMessage;
  /** Ms since the fake started. */
  readonly atMs: number;
}

/** `heard` has what the fake of its kind understood of it. */
export interface FakeSession<Heard> {
  readonly transport: 'websocket' | 'http';
  readonly request: FakeRequest;
  readonly heard: Heard;
  /** WebSocket messages as they came; an HTTP body is in `request`. */
  readonly received: readonly ReceivedMessage[];
  readonly sentCount: number;
  /** Bytes said that the system could not pass on, because the client does not read. */
  readonly bufferedBytes: number;
  readonly ended: FakeSessionEnd | undefined;
  /** Goes wrong from now on; `afterEvents` counts from here. */
  misbehave(misbehaviour: Misbehaviour): void;
  /** Says something outside the script. */
  send(message: WireMessage): void;
  /** Closes as the provider does when nothing happened for too long. */
  closeIdle(): void;
}

/** What a kind of fake does with one session. */
export interface FakeConversation<Heard> {
  readonly heard: Heard;
  /** Of an HTTP answer. */
  readonly contentType?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  start(outlet: Outlet): void;
  receive?(message: WireMessage, outlet: Outlet): void;
}

export interface SessionInput<Heard> {
  readonly transport: 'websocket' | 'http';
  readonly request: FakeRequest;
  readonly conversation: FakeConversation<Heard>;
  readonly outlet: Outlet;
  readonly channel: FakeChannel;
  readonly dialect: DialectBasics;
  readonly record: boolean;
  now(): number;
}

/** A session and the two things its transport reports. */
export interface OpenSession<Heard> {
  readonly session: FakeSession<Heard>;
  receive(message: WireMessage): void;
  ended(by: 'client' | 'fake', code: number): void;
}

export function openSession<Heard>(input: SessionInput<Heard>): OpenSession<Heard> {
  const { transport, request, conversation, outlet, channel, dialect, record, now } = input;
  const received: ReceivedMessage[] = [];
  let end: FakeSessionEnd | undefined;

  const session: FakeSession<Heard> = {
    transport,
    request,
    heard: conversation.heard,
    received,
    get sentCount() {
      return outlet.sentCount;
    },
    get bufferedBytes() {
      return channel.bufferedBytes;
    },
    get ended() {
      return end;
    },
    misbehave: (misbehaviour) => outlet.misbehave(misbehaviour),
    send: (message) => outlet.send([message], 'greeting'),
    closeIdle: () => closeOutlet(outlet, dialect.idleClose ?? { code: 1000 }),
  };

  return {
    session,
    receive(message) {
      if (record) received.push({ data: message, atMs: now() });
      conversation.receive?.(message, outlet);
    },
    ended(by, code) {
      end ??= { by, code, atMs: now() };
      outlet.silence();
    },
  };
}
