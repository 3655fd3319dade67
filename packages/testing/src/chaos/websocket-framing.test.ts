// Frames are found wherever the bytes are cut, and frames of ours are what the standard says.
import { describe, expect, it } from 'vitest';
import type { Unit } from './framing.js';
import { webSocketFraming } from './websocket-framing.js';

/** RFC 6455, section 5.7. */
const examples = {
  text: [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f],
  masked: [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58],
  firstFragment: [0x01, 0x03, 0x48, 0x65, 0x6c],
  lastFragment: [0x80, 0x02, 0x6c, 0x6f],
  ping: [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f],
  maskedPong: [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58],
  binary256: [0x82, 0x7e, 0x01, 0x00, ...Array.from({ length: 256 }, () => 7)],
  binary64Ki: [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0, ...Array.from({ length: 65_536 }, () => 7)],
  emptyClose: [0x88, 0x00],
};

function bytesOf(units: readonly Unit[]): Buffer {
  return Buffer.concat(units.flatMap(({ pieces }) => pieces));
}

describe('frames that come', () => {
  const stream = Buffer.from([
    ...examples.text,
    ...examples.masked,
    ...examples.firstFragment,
    ...examples.ping,
    ...examples.lastFragment,
    ...examples.maskedPong,
    ...examples.binary256,
    ...examples.emptyClose,
  ]);

  it.each([1, 2, 3, 5, 7, 14, 1000])('in pieces of %i bytes', (size) => {
    const framing = webSocketFraming(false);
    const units: Unit[] = [];
    for (let at = 0; at < stream.length; at += size)
      units.push(...framing.split(stream.subarray(at, at + size)));
    const kinds = ['message', 'message', 'ping', 'message', 'pong', 'message', 'close'];
    expect(units.map(({ kind }) => kind)).toEqual(kinds);
    const said = units.map((unit) => unit.read?.());
    expect([said[0], said[1], said[3]]).toEqual(['Hello', 'Hello', 'Hello']);
    expect(said[5]).toEqual(Buffer.alloc(256, 7));
    expect(bytesOf(units).length).toBe(stream.length);
    expect(framing.rest()).toEqual([]);
  });

  it('with a length of 64 bits', () => {
    const [unit] = webSocketFraming(false).split(Buffer.from(examples.binary64Ki));
    expect(unit?.read?.()).toHaveLength(65_536);
  });

  it('and what the stream ended in the middle of', () => {
    for (const cut of [1, 3, 6]) {
      const framing = webSocketFraming(false);
      expect(framing.split(Buffer.from(examples.text.slice(0, cut)))).toEqual([]);
      expect([...bytesOf(framing.rest())]).toEqual(examples.text.slice(0, cut));
    }
  });
});

describe('frames of ours', () => {
  it('close with code and reason, with none, and masked', () => {
    const [down, up] = [webSocketFraming(false), webSocketFraming(true)];
    const goodbye = (unit: Unit | undefined): number[] => [...bytesOf(unit ? [unit] : [])];
    expect(goodbye(down.close?.(1011, 'no'))).toEqual([0x88, 4, 0x03, 0xf3, 0x6e, 0x6f]);
    expect(goodbye(down.close?.(1005, ''))).toEqual([0x88, 0]);
    expect(goodbye(up.close?.(1000, ''))).toEqual([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]);
  });

  it('huge ones of each kind of length, whose payload is read back', () => {
    for (const isMasked of [false, true]) {
      for (const size of [125, 126, 65_535, 65_536, 1_000_000]) {
        const framing = webSocketFraming(isMasked);
        expect(framing.split(bytesOf([framing.huge(size)]))[0]?.read?.()).toBe('x'.repeat(size));
      }
    }
  });
});
