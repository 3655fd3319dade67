import { ProviderError, type CallInstruction } from '@voicewire/core/adapter';
import { describe, expect, test } from 'vitest';
import { isResumeUrl, toResumeUrl, writeTwiml } from '../src/twilio-twiml.js';
import { dialect } from './dialect.js';

const write = (...instructions: CallInstruction[]): string =>
  writeTwiml(dialect, instructions).replace('<?xml version="1.0" encoding="UTF-8"?>', '');

describe('instructions', () => {
  test('a stream with its token, and what brings the call back', () => {
    const twiml = write(
      { type: 'stream', url: 'wss://example.com/media', token: 't0ken', parameters: { tenant: 'shop' } },
      { type: 'redirect', url: 'https://example.com/voice?call=1' },
    );
    expect(twiml).toMatchInlineSnapshot(
      `"<Response><Connect><Stream url="wss://example.com/media"><Parameter name="tenant" value="shop"/><Parameter name="token" value="t0ken"/></Stream></Connect><Redirect method="POST">https://example.com/voice?call=1&amp;voicewire=resumed</Redirect></Response>"`,
    );
  });

  test('everything else', () => {
    const twiml = write(
      { type: 'say', text: 'Bonjour', language: 'fr-FR', voice: 'Polly.Lea' },
      { type: 'play', url: 'https://example.com/hold.wav' },
      { type: 'gather', url: 'https://example.com/keys', digits: 4, timeoutMs: 4_001, prompt: 'Your code?' },
      { type: 'dial', to: '+14155550100', from: '+14155550199', timeoutMs: 20_000 },
      { type: 'dial', to: 'sip:desk@example.com' },
      { type: 'hangup' },
    );
    expect(twiml).toMatchInlineSnapshot(
      `"<Response><Say language="fr-FR" voice="Polly.Lea">Bonjour</Say><Play>https://example.com/hold.wav</Play><Gather action="https://example.com/keys" method="POST" input="dtmf" numDigits="4" timeout="5"><Say>Your code?</Say></Gather><Dial answerOnBridge="true" callerId="+14155550199" timeout="20"><Number>+14155550100</Number></Dial><Dial answerOnBridge="true"><Sip>sip:desk@example.com</Sip></Dial><Hangup/></Response>"`,
    );
    expect(write({ type: 'reject', reason: 'busy' })).toBe('<Response><Reject reason="busy"/></Response>');
  });

  test('a dial that says how it ended, and what comes next', () => {
    const returnUrl = 'https://example.com/resume';
    expect(write({ type: 'dial', to: '+14155550100', returnUrl })).toBe(
      '<Response><Dial answerOnBridge="true" action="https://example.com/resume?voicewire=resumed" method="POST"><Number>+14155550100</Number></Dial></Response>',
    );
  });

  test('nothing is said between the lines: markup and what XML can not carry', () => {
    const twiml = write(
      { type: 'say', text: '</Say><Dial>+1900\u0000\u0007\ud800</Dial> & 😀' },
      {
        type: 'stream',
        url: 'wss://example.com/media',
        token: '"/><Hangup/>',
        parameters: { 'a"b': '<c>\u0001' },
      },
    );
    expect(twiml).toBe(
      '<Response><Say>&lt;/Say&gt;&lt;Dial&gt;+1900   &lt;/Dial&gt; &amp; 😀</Say><Connect><Stream url="wss://example.com/media">' +
        '<Parameter name="a&quot;b" value="&lt;c> "/><Parameter name="token" value="&quot;/>&lt;Hangup/>"/></Stream></Connect></Response>',
    );
  });

  test('a parameter can not pass for the token', () => {
    const parameters = { token: 'mine' };
    const twiml = write({ type: 'stream', url: 'wss://example.com/media', token: 'real', parameters });
    expect(twiml).toContain('<Parameter name="token" value="real"/>');
    expect(twiml).not.toContain('mine');
  });

  test.each([
    ['a query in the stream URL', { url: 'wss://example.com/media?a=1' }],
    ['a parameter as long as the carrier would refuse', { parameters: { note: 'x'.repeat(496) } }],
  ])('refuses %s', (_, change) => {
    const instruction = { type: 'stream', url: 'wss://example.com/media', token: 't', ...change } as const;
    expect(() => write(instruction)).toThrow(ProviderError);
    expect(() => write(instruction)).toThrow(expect.objectContaining({ class: 'invalid_request' }));
  });
});

describe('URLs that a call comes back to', () => {
  test.each([
    ['https://a.example/v', 'https://a.example/v?voicewire=resumed'],
    ['https://a.example/v?x=1', 'https://a.example/v?x=1&voicewire=resumed'],
    ['https://a.example/v#rc=3', 'https://a.example/v?voicewire=resumed#rc=3'],
  ])('%s is marked', (url, marked) => {
    expect(toResumeUrl(url)).toBe(marked);
    expect([isResumeUrl(url), isResumeUrl(marked)]).toEqual([false, true]);
  });

  test('what only looks like a mark is none', () => {
    expect(isResumeUrl('https://a.example/voicewire=resumed')).toBe(false);
    expect(isResumeUrl('https://a.example/?voicewire=resumed1')).toBe(false);
  });
});
