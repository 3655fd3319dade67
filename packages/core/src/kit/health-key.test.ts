import { describe, expect, it } from 'vitest';
import { healthKey } from './health-key.js';

describe('healthKey', () => {
  it('is the same for the same provider, origin and credential, and differs when one of them does', () => {
    const key = healthKey('acme', 'https://api.acme.test/v1', 'secret');
    expect(healthKey('acme', 'https://api.acme.test/v2?token=abc', 'secret')).toBe(key);
    expect(healthKey('acme', 'https://eu.acme.test/v1', 'secret')).not.toBe(key);
    expect(healthKey('acme', 'https://api.acme.test/v1', 'other')).not.toBe(key);
    expect(healthKey('other', 'https://api.acme.test/v1', 'secret')).not.toBe(key);
  });

  it('shows neither the credential nor what stands after the origin', () => {
    const key = healthKey('acme', 'wss://user:pass@api.acme.test:8443/listen?token=abc', 'secret');
    expect(key).toMatch(/^acme@wss:\/\/api\.acme\.test:8443#[0-9a-f]{12}$/);
  });

  it('takes an endpoint that is no URL', () => {
    expect(healthKey('acme', 'local', '')).toMatch(/^acme@local#/);
  });
});
