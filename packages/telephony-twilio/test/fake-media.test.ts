import { describe, expect, test } from 'vitest';
import { createStreamWriter, readApplicationMessage } from '../src/fake-media.js';
import { createMediaWriter, readMessage } from '../src/twilio-media.js';

describe('what the fake says', () => {
  const writer = createStreamWriter({
    accountSid: 'AC1',
    callSid: 'CA1',
    streamSid: 'MZ1',
    tracks: ['caller', 'agent'],
    parameters: { token: 't' },
  });

  test('is what the documentation shows, key by key', () => {
    const audio = new Uint8Array([1, 2, 3]);
    const messages = [
      ...writer.start(),
      writer.media('caller', audio, 40, 2),
      writer.dtmf('5', 'caller'),
      writer.mark('x'),
      writer.stop(),
    ];
    const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
    const ids = { accountSid: 'AC1', streamSid: 'MZ1', callSid: 'CA1', tracks: ['inbound', 'outbound'] };
    expect(messages.map((message) => JSON.parse(message) as unknown)).toEqual([
      { event: 'connected', protocol: 'Call', version: '1.0.0' },
      {
        event: 'start',
        sequenceNumber: '1',
        start: { ...ids, mediaFormat, customParameters: { token: 't' } },
        streamSid: 'MZ1',
      },
      {
        event: 'media',
        sequenceNumber: '2',
        media: { track: 'inbound', chunk: '3', timestamp: '103', payload: 'AQID' },
        streamSid: 'MZ1',
      },
      { event: 'dtmf', streamSid: 'MZ1', sequenceNumber: '3', dtmf: { track: 'inbound_track', digit: '5' } },
      { event: 'mark', sequenceNumber: '4', streamSid: 'MZ1', mark: { name: 'x' } },
      { event: 'stop', sequenceNumber: '5', streamSid: 'MZ1', stop: { accountSid: 'AC1', callSid: 'CA1' } },
    ]);
    expect(messages.every((message) => typeof readMessage(message) === 'object')).toBe(true);
  });
});

describe('what the fake understands', () => {
  const application = createMediaWriter('MZ1');

  test('what the documentation allows', () => {
    const audio = Buffer.from([7, 8, 9]);
    expect(readApplicationMessage(application.media(audio), 'MZ1')).toEqual({ type: 'audio', audio });
    expect(readApplicationMessage(application.mark('a', 1), 'MZ1')).toEqual({ type: 'mark', name: '1:a' });
    expect(readApplicationMessage(application.clear, 'MZ1')).toEqual({ type: 'clear' });
  });

  test.each([
    ['bytes', Buffer.from(application.clear), '31950'],
    ['no JSON', 'clear', '31924'],
    ['a list', '[]', '31924'],
    ['null', 'null', '31924'],
    ['another stream', application.clear.replace('MZ1', 'MZ2'), '31924'],
    ['no stream', '{"event":"clear"}', '31924'],
    ['an unknown event', '{"event":"dtmf","streamSid":"MZ1"}', '31924'],
    ['a mark without a name', '{"event":"mark","streamSid":"MZ1","mark":{}}', '31924'],
    ['no payload', '{"event":"media","streamSid":"MZ1","media":{}}', '31924'],
    ['an empty payload', '{"event":"media","streamSid":"MZ1","media":{"payload":""}}', '31924'],
    [
      'a payload that is not base64',
      '{"event":"media","streamSid":"MZ1","media":{"payload":"a_b-"}}',
      '31924',
    ],
  ])('nothing else: %s', (_, message, code) => {
    const read = readApplicationMessage(message, 'MZ1');
    expect(read.type === 'unreadable' && read.reason.split(':')[0]).toBe(code);
  });
});
