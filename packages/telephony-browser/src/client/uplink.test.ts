import { describe, expect, it } from 'vitest';
import { createUplink } from './uplink.js';

function stuckSocket() {
  const sent: number[] = [];
  return {
    sent,
    bufferedAmount: 0,
    send(frame: ArrayBuffer) {
      sent.push(new DataView(frame).getUint32(4, true));
    },
  };
}

const frame = (): ArrayBuffer => new ArrayBuffer(648);

describe('uplink', () => {
  it('numbers every frame', () => {
    const socket = stuckSocket();
    const uplink = createUplink(socket);
    for (let count = 0; count < 3; count += 1) uplink.push(frame());
    expect(socket.sent).toEqual([0, 1, 2]);
    expect(uplink.sentMs).toBe(60);
  });

  it('drops the oldest while the network is stuck, and leaves a gap that can be seen', () => {
    const socket = stuckSocket();
    const uplink = createUplink(socket);
    uplink.push(frame());
    socket.bufferedAmount = 100_000;
    for (let count = 0; count < 30; count += 1) uplink.push(frame());
    expect(socket.sent).toEqual([0]);
    expect(uplink.droppedFrames).toBe(18);
    socket.bufferedAmount = 0;
    uplink.push(frame());
    expect(socket.sent[1]).toBe(19);
    expect(socket.sent.at(-1)).toBe(31);
    expect(uplink.droppedFrames).toBe(18);
    expect(uplink.sentMs).toBe(640);
  });
});
