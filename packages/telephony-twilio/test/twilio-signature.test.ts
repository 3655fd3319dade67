import { createHash } from 'node:crypto';
import fc from 'fast-check';
import twilio from 'twilio';
import { describe, expect, test } from 'vitest';
import { isUpgradeSigned, verifyGet, verifyPost } from '../src/twilio-signature.js';

const key = '12345';
const form = 'application/x-www-form-urlencoded; charset=utf-8';

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function sign(url: string, parameters: Record<string, string | string[]> = {}): string {
  return twilio.getExpectedTwilioSignature(key, url, parameters);
}

describe('forms', () => {
  const url = 'https://example.com/myapp.php?foo=1&bar=2';
  const body = bytes(
    'To=%2B18005551212&CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310',
  );
  const signature = 'L/OH5YylLD5NRKLltdqwSvS0BnU=';

  test('the documented example is genuine', () => {
    const parameters = verifyPost({ key, signature, url, contentType: form, body });
    expect(parameters?.get('From')).toBe('+14158675310');
  });

  test.each([
    ['another key', { key: '12346' }],
    ['another URL', { url: 'https://example.com/myapp.php?foo=1&bar=3' }],
    ['no signature', { signature: null }],
    ['an empty signature', { signature: '' }],
    ['another body', { body: bytes('CallSid=CA1234567890ABCDE') }],
    ['a URL that is none', { url: 'myapp.php' }],
    ['another content type', { contentType: 'text/plain' }],
    ['no content type', { contentType: null }],
  ])('%s is not', (_, change) => {
    expect(verifyPost({ key, signature, url, contentType: form, body, ...change })).toBeUndefined();
  });

  test('the standard port may be there or not', () => {
    const withPort = url.replace('.com', '.com:443');
    const parameters = Object.fromEntries(new URLSearchParams(new TextDecoder().decode(body)));
    expect(verifyPost({ key, signature, url: withPort, contentType: form, body })).toBeDefined();
    const signedWithPort = sign(withPort, parameters);
    expect(verifyPost({ key, signature: signedWithPort, url, contentType: form, body })).toBeDefined();
  });

  test('a fragment of connection settings is not signed', () => {
    expect(verifyPost({ key, signature, url: `${url}#rc=3&rp=all`, contentType: form, body })).toBeDefined();
  });

  test('agrees with the SDK on any parameters, repeated names and odd characters included', () => {
    const pair = fc.tuple(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(fc.array(pair), fc.webUrl({ withQueryParameters: true }), (pairs, anyUrl) => {
        const encoded = new URLSearchParams(pairs).toString();
        const sent = new URLSearchParams(encoded);
        const values = Object.fromEntries([...sent.keys()].map((name) => [name, sent.getAll(name)]));
        const post = {
          key,
          signature: sign(anyUrl, values),
          url: anyUrl,
          contentType: form,
          body: bytes(encoded),
        };
        expect(verifyPost(post)).toBeDefined();
        expect(verifyPost({ ...post, body: bytes(`${encoded}&Digits=1`) })).toBeUndefined();
      }),
    );
  });
});

describe('other bodies', () => {
  const body = bytes('{"a":1}');
  const hash = createHash('sha256').update(body).digest('hex');
  const url = `https://example.com/hook?bodySHA256=${hash}`;
  const post = { key, signature: '2e7mH/NA6FwzvUqLZxhsETU/4bw=', url, contentType: 'application/json', body };

  test('the hash in the URL covers them', () => {
    expect(verifyPost(post)).toBeDefined();
    expect(verifyPost({ ...post, body: bytes('{"a":2}') })).toBeUndefined();
  });

  test('a hash that fits does not make a signature', () => {
    expect(verifyPost({ ...post, signature: sign('https://example.com/hook') })).toBeUndefined();
  });

  test('a body that no hash covers is refused, however well its URL is signed', () => {
    const bare = 'https://example.com/hook';
    expect(verifyPost({ ...post, url: bare, signature: sign(bare) })).toBeUndefined();
  });

  test('the hash of another body, put beside the signed one, does not help', () => {
    const forged = bytes('{"a":2}');
    const other = createHash('sha256').update(forged).digest('hex');
    expect(verifyPost({ ...post, url: `${url}&bodySHA256=${other}`, body: forged })).toBeUndefined();
  });
});

test('a GET is signed by its URL, which holds its parameters', () => {
  const url = 'https://example.com/hook?CallSid=CA1&CallStatus=ringing';
  expect(verifyGet({ key, signature: sign(url), url })?.get('CallSid')).toBe('CA1');
  expect(verifyGet({ key, signature: sign(url), url: url.replace('CA1', 'CA2') })).toBeUndefined();
});

describe('upgrades', () => {
  const signature = 'KG4JbhDlv15BMlxSTOWKt9btbgg=';

  test.each(['wss://example.com/stream', 'https://example.com/stream', 'wss://example.com:443/stream'])(
    'the documented example is genuine, seen as %s',
    (url) => {
      expect(isUpgradeSigned({ key, signature, url })).toBe(true);
    },
  );

  test('a signature over the URL with its standard port is genuine', () => {
    const url = 'wss://example.com/stream';
    expect(isUpgradeSigned({ key, signature: sign('wss://example.com:443/stream'), url })).toBe(true);
  });

  test.each([
    ['no signature', undefined],
    ['another signature', 'KG4JbhDlv15BMlxSTOWKt9btbgh='],
    ['the signature of the same path over https', sign('https://example.com/stream')],
  ])('%s is not', (_, wrong) => {
    expect(isUpgradeSigned({ key, signature: wrong, url: 'wss://example.com/stream' })).toBe(false);
  });
});
