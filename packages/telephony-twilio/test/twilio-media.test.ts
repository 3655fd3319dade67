import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMediaWriter, decodePayload, readMarkName, readMessage } from '../src/twilio-media.js';

/** Messages as the carrier's documentation shows them. */
const documented = {
  connected: '{"event":"connected","protocol":"Call","version":"1.0.0"}',
  start:
    '{"event":"start","sequenceNumber":"1","start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"token":"t"}},"streamSid":"MZ1"}',
  media:
    '{"event":"media","sequenceNumber":"4","media":{"track":"inbound","chunk":"2","timestamp":"5","payload":"f39/fw=="},"streamSid":"MZ1"}',
  dtmf: '{"event":"dtmf","streamSid":"MZ1","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"1"}}',
  mark: '{"event":"mark","sequenceNumber":"4","streamSid":"MZ1","mark":{"name":"1:utt-7"}}',
  stop: '{"event":"stop","sequenceNumber":"5","streamSid":"MZ1","stop":{"accountSid":"AC1","callSid":"CA1"}}',
};

/** Leading white space keeps a message from the short way. */
const readWhole = (text: string): ReturnType<typeof readMessage> => readMessage(` ${text}`);

/** What a message comes to: an unreadable payload is found when it is decoded. */
function outcome(message: ReturnType<typeof readMessage>): unknown {
  if (typeof message === 'string' || message.event !== 'media') return message;
  const audio = decodePayload(message.media.payload);
  return audio === undefined ? 'unreadable' : { ...message, audio: Array.from(audio) };
}

describe('reading', () => {
  test.each(Object.entries(documented))('%s, as documented', (event, text) => {
    expect(readMessage(text)).toMatchObject({ event });
  });

  test('numbers may be strings or numbers', () => {
    const text = documented.media.replaceAll(/"(\d+)"/g, '$1');
    expect(readMessage(text)).toEqual(readMessage(documented.media));
  });

  test.each([
    ['not JSON', 'hello', 'unreadable'],
    ['cut JSON', documented.media.slice(0, -9), 'unreadable'],
    ['nothing', '', 'unreadable'],
    ['null', 'null', 'unreadable'],
    ['a list', '[1]', 'unreadable'],
    ['deeply nested JSON', '['.repeat(30_000) + ']'.repeat(30_000), 'unreadable'],
    ['an event nobody knows', '{"event":"weather","streamSid":"MZ1"}', 'unknown-event'],
    ['an event called like a method', '{"event":"constructor","streamSid":"MZ1"}', 'unknown-event'],
    ['no event', '{"streamSid":"MZ1"}', 'unknown-event'],
    ['a frame without a chunk', documented.media.replace('"chunk":"2",', ''), 'unreadable'],
    ['a frame with a negative time', documented.media.replace('"5"', '"-5"'), 'unreadable'],
    ['a frame with an endless number', documented.media.replace('"5"', `"${'9'.repeat(400)}"`), 'unreadable'],
    ['a key no telephone has', documented.dtmf.replace('"digit":"1"', '"digit":"99"'), 'unreadable'],
    ['a start without tracks', documented.start.replace('["inbound"]', '[]'), 'unreadable'],
    ['parameters that are no texts', documented.start.replace('"t"', '{"a":1}'), 'unreadable'],
  ])('%s', (_, text, reason) => {
    expect(readMessage(text)).toBe(reason);
  });

  test('a parameter called like a part of every object is one', () => {
    const message = readMessage(documented.start.replace('"token":"t"', '"__proto__":"x","constructor":"y"'));
    expect(message).toMatchObject({ start: { customParameters: { constructor: 'y' } } });
  });
});

describe('the short way to read a frame', () => {
  const odd = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.base64String(),
    fc.constantFrom('"', '\\', 'AA\\/A', 'AA=A', '='),
  );
  const number = fc.oneof(fc.nat().map(String), odd);
  const id = fc.oneof(fc.stringMatching(/^MZ[0-9a-f]{32}$/), odd);

  test('comes to the same as the whole way, for well-written frames and for anything that looks like one', () => {
    const fields = fc.record({
      track: fc.oneof(fc.constant('inbound'), odd),
      chunk: number,
      timestamp: number,
      payload: odd,
    });
    fc.assert(
      fc.property(number, fields, id, fc.boolean(), (sequenceNumber, media, streamSid, isEscaped) => {
        const quote = (text: string): string => (isEscaped ? JSON.stringify(text) : `"${text}"`);
        const inner = Object.entries(media).map(([name, value]) => `"${name}":${quote(value)}`);
        const text = `{"event":"media","sequenceNumber":${quote(sequenceNumber)},"media":{${inner.join()}},"streamSid":${quote(streamSid)}}`;
        expect(outcome(readMessage(text))).toEqual(outcome(readWhole(text)));
      }),
      { numRuns: 3_000 },
    );
  });

  test('comes to the same when a frame is damaged anywhere', () => {
    const { media } = documented;
    const damage = fc.tuple(
      fc.nat(media.length),
      fc.nat(3),
      fc.constantFrom('', '"', '\\', '{', '}', ',', '0', 'é', '\n'),
    );
    fc.assert(
      fc.property(damage, ([at, length, put]) => {
        const text = media.slice(0, at) + put + media.slice(at + length);
        expect(outcome(readMessage(text))).toEqual(outcome(readWhole(text)));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('payloads', () => {
  test('any bytes survive', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (bytes) => {
        expect(Array.from(decodePayload(Buffer.from(bytes).toString('base64')) ?? [])).toEqual(
          Array.from(bytes),
        );
      }),
    );
  });

  test.each(['', '=', 'A', 'AA', 'AAA', 'AA A', 'AAAA\n', '=AAA', 'A===', 'AAAA====', 'Ä€AA'])(
    '%j is none',
    (payload) => {
      expect(decodePayload(payload)).toBeUndefined();
    },
  );
});

describe('writing', () => {
  const writer = createMediaWriter('MZ"1');

  test('is JSON, whatever the names', () => {
    const audio = Buffer.from([1, 2, 3, 4, 5]).subarray(1, 4);
    expect(JSON.parse(writer.media(audio))).toEqual({
      event: 'media',
      streamSid: 'MZ"1',
      media: { payload: audio.toString('base64') },
    });
    expect(JSON.parse(writer.clear)).toEqual({ event: 'clear', streamSid: 'MZ"1' });
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(999_999_999), (id, generation) => {
        const { mark, ...rest } = JSON.parse(writer.mark(id, generation)) as { mark: { name: string } };
        expect(rest).toEqual({ event: 'mark', streamSid: 'MZ"1' });
        expect(readMarkName(mark.name)).toEqual({ id, generation });
      }),
    );
  });

  test.each(['', 'utt-7', ':', '1', '-1:a', '12345678901:a'])('%j is no mark of ours', (name) => {
    expect(readMarkName(name)).toBeUndefined();
  });
});
