// The link over real sockets on loopback: what reaches the peer, what reaches the adapter, bounds and heartbeats.
import { once } from 'node:events';
import { createVirtualClock } from '@voicewire/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { ProviderError } from '../errors/provider-error.js';
import type { VoiceError } from '../spec/error.js';
import { connect, endPeers, startPeer, startRawPeer, until, withResolver } from './test-peers.js';

afterEach(endPeers);

describe('an open link', () => {
  it('keeps what is sent before opening, in order, and sends text as text and bytes as binary', async () => {
    const peer = await startPeer();
    const { link } = connect(peer.url, { onOpen: () => link.send('hello') });
    link.send(new Uint8Array([65, 66]));
    link.send('{"type":"Flush"}');
    link.send(new Uint8Array([67]));
    await until(() => peer.received.length === 4);
    expect(peer.received).toEqual(['text:hello', 'binary:AB', 'text:{"type":"Flush"}', 'binary:C']);
    expect(peer.requests[0]?.headers.authorization).toBe('Bearer secret-key');
  });

  it('copies what it keeps: the giver may reuse its pool', async () => {
    const peer = await startPeer();
    const { link } = connect(peer.url);
    const pooled = new Uint8Array([65]);
    link.send(pooled);
    pooled[0] = 90;
    await until(() => peer.received.length === 1);
    expect(peer.received).toEqual(['binary:A']);
  });

  it('offers no compression', async () => {
    const peer = await startPeer();
    await connect(peer.url).opened;
    expect(peer.requests[0]?.headers['sec-websocket-extensions']).toBeUndefined();
  });

  it('gives every message before the close that followed it', async () => {
    const peer = await startPeer((socket) => {
      for (const text of ['one', 'two', 'three']) socket.send(text);
      socket.close(1011);
    });
    let seenAtClose = 0;
    const messages: string[] = [];
    const closed = withResolver<VoiceError | undefined>();
    connect(peer.url, {
      onMessage: (data) => messages.push(data.toString()),
      onClose: (error) => {
        seenAtClose = messages.length;
        closed.resolve(error);
      },
    });
    expect(await closed.promise).toMatchObject({ class: 'unavailable', status: 1011 });
    expect(seenAtClose).toBe(3);
  });

  it('stops reading while paused and loses nothing', async () => {
    const peer = await startPeer();
    const { link, opened, messages } = connect(peer.url);
    await opened;
    await until(() => peer.connections.length === 1);
    link.pause();
    const socket = peer.connections[0];
    for (let index = 0; index < 2000; index += 1) socket?.send('x'.repeat(10_000));
    await until(() => (socket?.bufferedAmount ?? 0) > 0);
    expect(messages).toHaveLength(0);
    link.resume();
    await until(() => messages.length === 2000);
  });

  it('ends as protocol when the adapter cannot read a message, and as what the adapter throws when that is typed', async () => {
    const peer = await startPeer((socket) => socket.send('?'));
    const bug = new TypeError('undefined is not an object');
    const untyped = connect(peer.url, {
      onMessage: () => {
        throw bug;
      },
    });
    expect(await untyped.closed).toMatchObject({ class: 'protocol', provider: 'acme', cause: bug });
    const quota = new ProviderError({ class: 'quota', provider: 'acme', stage: 'stt', message: 'no money' });
    const typed = connect(peer.url, {
      onMessage: () => {
        throw quota;
      },
    });
    expect(await typed.closed).toBe(quota);
  });

  it('takes its socket with it when it fails', async () => {
    const peer = await startPeer((socket) => socket.send('?'));
    const { closed } = connect(peer.url, {
      onMessage: () => {
        throw new TypeError('unreadable');
      },
    });
    await closed;
    await until(() => peer.connections[0]?.readyState === peer.connections[0]?.CLOSED);
  });

  it('ends as protocol at a message beyond the limit', async () => {
    const peer = await startPeer((socket) => socket.send('x'.repeat(1001)));
    const { closed, messages } = connect(peer.url, { maxMessageBytes: 1000 });
    expect(await closed).toMatchObject({ class: 'protocol' });
    expect(messages).toEqual([]);
  });
});

describe('bounds', () => {
  it('gives up on a peer that does not open in time for what is written, and counts it', async () => {
    const url = await startRawPeer(() => undefined);
    const { link, closed } = connect(url, { maxUnsentBytes: 1000 });
    for (let frame = 0; frame < 10; frame += 1) link.send(new Uint8Array(160));
    expect(await closed).toMatchObject({ class: 'capacity', code: 'provider.capacity' });
    expect(link.droppedBytes()).toBe(1600);
  });

  it('gives up on a peer that stops reading', async () => {
    const peer = await startPeer((socket) => socket.pause());
    const { link, opened, closed } = connect(peer.url);
    await opened;
    let isOpen = true as boolean;
    void closed.then(() => (isOpen = false));
    while (isOpen) {
      link.send(new Uint8Array(100_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await closed).toMatchObject({ class: 'capacity' });
    expect(link.droppedBytes()).toBeGreaterThan(1_000_000);
  });
});

describe('heartbeats', () => {
  it('declares a peer dead that leaves a ping unanswered', async () => {
    const clock = createVirtualClock();
    const peer = await startPeer(undefined, { autoPong: false });
    const { opened, closed } = connect(peer.url, { clock, pingEveryMs: 5000 });
    await opened;
    await clock.advance(4999);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(5001);
    expect(await closed).toMatchObject({ class: 'stalled' });
    expect(clock.pendingTimers).toBe(0);
  });

  it.each(['pong', 'message'])('lets a peer live that gives a sign of life: %s', async (sign) => {
    const clock = createVirtualClock();
    const peer = await startPeer(undefined, { autoPong: sign === 'pong' });
    const { opened, closed, link } = connect(peer.url, { clock });
    await opened;
    await until(() => peer.connections.length === 1);
    const socket = peer.connections[0]!;
    for (let round = 1; round <= 4; round += 1) {
      const pinged = once(socket, 'ping');
      await clock.advance(5000);
      await pinged;
      if (sign === 'message') socket.send('alive');
      // Nothing tells a test that a pong was read; on loopback it is there after a turn or two.
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    link.close();
    expect(await closed).toBeUndefined();
  });

  it('sends no ping when told so', async () => {
    const clock = createVirtualClock();
    const peer = await startPeer();
    await connect(peer.url, { clock, pingEveryMs: 0 }).opened;
    expect(clock.pendingTimers).toBe(0);
  });

  it('sends the keep-alive only after nothing else was sent for so long', async () => {
    const clock = createVirtualClock();
    const peer = await startPeer();
    const { link, opened } = connect(peer.url, {
      clock,
      pingEveryMs: 0,
      keepAlive: { everyMs: 4000, frame: () => 'alive' },
    });
    await opened;
    await clock.advance(3000);
    link.send('audio');
    await clock.advance(3999);
    link.send('last');
    await until(() => peer.received.length === 2);
    expect(peer.received).toEqual(['text:audio', 'text:last']);
    await clock.advance(4000);
    await until(() => peer.received.length === 3);
    expect(peer.received.at(-1)).toBe('text:alive');
    await clock.advance(4000);
    await until(() => peer.received.length === 4);
  });

  it('sends nothing when the protocol has nothing to keep alive', async () => {
    const clock = createVirtualClock();
    const peer = await startPeer();
    const asked: number[] = [];
    const { link, opened } = connect(peer.url, {
      clock,
      pingEveryMs: 0,
      keepAlive: { everyMs: 4000, frame: () => void asked.push(clock.now()) },
    });
    await opened;
    await clock.advance(8000);
    link.send('mark');
    await until(() => peer.received.length > 0);
    expect(peer.received).toEqual(['text:mark']);
    expect(asked).toEqual([4000, 8000]);
  });
});
