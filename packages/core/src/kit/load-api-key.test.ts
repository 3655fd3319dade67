import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadApiKey, loadBaseUrl, loadSetting } from './load-api-key.js';

const source = { envVar: 'ACME_API_KEY', provider: 'acme' };

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('loadApiKey', () => {
  it('prefers the option to the environment and trims both', () => {
    vi.stubEnv('ACME_API_KEY', ' from-env\n');
    expect(loadApiKey(source)).toBe('from-env');
    expect(loadApiKey({ ...source, apiKey: 'from-option ' })).toBe('from-option');
    expect(loadApiKey({ ...source, apiKey: '  ' })).toBe('from-env');
  });

  it('names the variable and the option when there is no key', () => {
    vi.stubEnv('ACME_API_KEY', '');
    expect(() => loadApiKey(source)).toThrow(
      expect.objectContaining({
        code: 'config.missing_key',
        provider: 'acme',
        message: expect.stringMatching(/ACME_API_KEY.*apiKey/),
      }),
    );
  });

  it.each(['“sk-1”', 'sk-1\nsk-2', 'sk-1 sk-2'])(
    'refuses a key that no header can carry, unseen: %j',
    (apiKey) => {
      expect(() => loadApiKey({ ...source, apiKey })).toThrow(
        expect.objectContaining({ code: 'config.invalid_key', message: expect.not.stringContaining('sk-1') }),
      );
    },
  );
});

describe('loadSetting', () => {
  it('is undefined when neither place has it', () => {
    vi.stubEnv('ACME_URL', ' ');
    expect(loadSetting({ envVar: 'ACME_URL' })).toBeUndefined();
    expect(loadSetting({ value: 'http://here', envVar: 'ACME_URL' })).toBe('http://here');
  });
});

describe('loadBaseUrl', () => {
  const urlSource = { envVar: 'ACME_URL', provider: 'acme', fallback: 'https://api.acme.test/v1' };

  it('prefers the option, then the environment, then what is usual', () => {
    expect(loadBaseUrl(urlSource).href).toBe('https://api.acme.test/v1');
    vi.stubEnv('ACME_URL', 'http://from.env/v1');
    expect(loadBaseUrl(urlSource).host).toBe('from.env');
    expect(loadBaseUrl({ ...urlSource, baseUrl: 'http://from.option' }).host).toBe('from.option');
  });

  it.each(['localhost:8000', 'ws://secret.test', 'not a URL'])('refuses %s, unseen', (value) => {
    vi.stubEnv('ACME_URL', value);
    expect(() => loadBaseUrl(urlSource)).toThrow(
      expect.objectContaining({
        code: 'config.invalid_option',
        message: expect.stringMatching(/^(?!.*(secret|8000|not a)).*ACME_URL/),
      }),
    );
  });
});
