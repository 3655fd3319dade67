import fc from 'fast-check';
import VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js';
import { describe, expect, test } from 'vitest';
import { readTwiml } from '../src/fake-twiml.js';

describe('reading TwiML', () => {
  test('whatever the SDK writes is read as it was meant', () => {
    // XML can carry neither control characters nor carriage returns as they are.
    const text = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll(/\s+/g, ' ').trim());
    fc.assert(
      fc.property(text, text, text, (said, name, value) => {
        const response = new VoiceResponse();
        response.say(said);
        response.connect().stream({ url: 'wss://example.com' }).parameter({ name, value });
        const document = readTwiml(response.toString());
        expect(document).toMatchObject({
          name: 'Response',
          children: [
            { name: 'Say', text: said },
            {
              name: 'Connect',
              children: [{ name: 'Stream', children: [{ name: 'Parameter', attributes: { name, value } }] }],
            },
          ],
        });
      }),
    );
  });

  test('comments, single quotes, numbers of characters and white space are XML', () => {
    const source = `<?xml version='1.0'?>\n<!-- hi -->\n<Response >\n <Say language='en'>a&#10;b&#x1F600;</Say >\n</Response>\n`;
    expect(readTwiml(source)).toMatchObject({
      children: [{ attributes: { language: 'en' }, text: 'a\nb😀' }],
    });
  });

  test.each([
    '',
    'hello',
    '<Response>',
    '</Response>',
    '<Response></Say></Response>',
    '<response/>',
    '<Response/>rest',
    '<Response/><Response/>',
    '<Response><Say>a & b</Say></Response>',
    '<Response><Say>&nbsp;</Say></Response>',
    '<Response><Say a="<">x</Say></Response>',
    '<Response><Say a="&nope;">x</Say></Response>',
    '<Response><Say a=1>x</Say></Response>',
    '<Response><Say a="1"b="2">x</Say></Response>',
    '<Response><Say>]]></Say></Response>',
    '<Response><![CDATA[x]]></Response>',
    '<!DOCTYPE Response><Response/>',
    '<Response><!-- -- --></Response>',
    '<Response',
  ])('%s is none', (source) => {
    expect(readTwiml(source)).toBeTypeOf('string');
  });
});
