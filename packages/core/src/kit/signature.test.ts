import { describe, expect, it } from 'vitest';
import { constantTimeEqual, hmac } from './signature.js';

describe('hmac', () => {
  // Test case 2 of RFC 2202 (SHA-1) and of RFC 4231 (SHA-256).
  const input = { key: 'Jefe', data: 'what do ya want for nothing?' };

  it('matches the published vectors', () => {
    expect(hmac({ ...input, algorithm: 'sha1', encoding: 'hex' })).toBe(
      'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
    );
    expect(hmac({ ...input, algorithm: 'sha256', encoding: 'hex' })).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
    expect(hmac({ ...input, algorithm: 'sha1', encoding: 'base64' })).toBe('7/zfauXrL6LSdBbV8YTfnCWafHk=');
  });

  it('takes text as UTF-8', () => {
    const bytes = new TextEncoder().encode('Grüße');
    const base = { algorithm: 'sha256', key: 'k', encoding: 'hex' } as const;
    expect(hmac({ ...base, data: 'Grüße' })).toBe(hmac({ ...base, data: bytes }));
  });
});

describe('constantTimeEqual', () => {
  it('compares texts of any length', () => {
    expect(constantTimeEqual('abc', 'abc')).toBe(true);
    expect(constantTimeEqual('', '')).toBe(true);
    expect(constantTimeEqual('abc', 'abd')).toBe(false);
    expect(constantTimeEqual('abc', 'abcd')).toBe(false);
  });
});
