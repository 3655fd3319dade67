import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ConfigError } from '../errors/config-error.js';
import { closestName } from './closest-name.js';
import { parseOptions } from './parse-options.js';

const schema = z.strictObject({
  apiKey: z.string().optional(),
  model: z.enum(['nova', 'aura']).optional(),
  maxTokens: z.number().int().positive().optional(),
  endpoint: z.string().min(1),
  headers: z.record(z.string(), z.string()).optional(),
  voice: z
    .strictObject({ speed: z.number().min(0.5).max(2).optional(), pitch: z.number().optional() })
    .optional(),
  reply: z.union([z.literal('auto'), z.strictObject({ name: z.string() })]).optional(),
});

function problemsOf(options: unknown) {
  try {
    parseOptions('acme', schema, options);
  } catch (error) {
    if (ConfigError.is(error)) return error.problems;
    throw error;
  }
  throw new Error('nothing was wrong');
}

describe('parseOptions', () => {
  it('gives back the parsed values', () => {
    const settings = parseOptions('acme', schema.extend({ retries: z.number().default(3) }), {
      endpoint: 'here',
    });
    expect(settings).toEqual({ endpoint: 'here', retries: 3 });
  });

  it('tells every problem at once, each with its path', () => {
    const problems = problemsOf({ modle: 'nova', maxTokens: 'many', voice: { sped: 1, pitch: null } });
    expect(problems.map(({ code, path }) => `${code} ${path}`).sort()).toEqual([
      'config.invalid_option maxTokens',
      'config.invalid_option voice.pitch',
      'config.missing_option endpoint',
      'config.unknown_option modle',
      'config.unknown_option voice.sped',
    ]);
  });

  it('names the option that was probably meant, at any depth, and what there is', () => {
    const [top, nested] = problemsOf({ endpoint: 'here', modle: 'nova', voice: { sped: 1 } });
    const byPath = [top, nested].sort((a, b) => (a?.path ?? '').localeCompare(b?.path ?? ''));
    expect(byPath[0]?.message).toContain('did you mean model?');
    expect(byPath[1]?.message).toContain('did you mean speed?');
    expect(byPath[1]?.allowed).toBe('speed, pitch');
  });

  it('shows the word that was found where one of a few words is allowed', () => {
    expect(problemsOf({ endpoint: 'here', model: 'supernova' })).toMatchObject([
      { path: 'model', found: '"supernova"', allowed: '"nova", "aura"' },
    ]);
  });

  it('tells limits, and the number that broke them', () => {
    expect(problemsOf({ endpoint: 'here', voice: { speed: 9 } })).toMatchObject([
      { path: 'voice.speed', found: '9', allowed: 'at most 2' },
    ]);
  });

  it('speaks for the union member that was begun, else for all of them', () => {
    expect(problemsOf({ endpoint: 'here', reply: { name: 7 } })).toMatchObject([
      { path: 'reply.name', found: '7', allowed: 'string' },
    ]);
    expect(problemsOf({ endpoint: 'here', reply: 7 })).toMatchObject([
      { path: 'reply', allowed: '"auto" or object' },
    ]);
  });

  it('never shows a secret, wherever it was put', () => {
    const secret = 'sk-live-1234567890';
    const wrong: unknown[] = [
      { endpoint: 'here', apiKey: [secret] },
      { endpoint: 'here', apiKey: { value: secret } },
      { endpoint: 'here', headers: { authorization: [secret] } },
      { endpoint: 'here', maxTokens: secret },
      { endpoint: 'here', voice: secret },
      { endpoint: 'here', reply: secret },
      secret,
    ];
    for (const options of wrong) expect(JSON.stringify(problemsOf(options))).not.toContain('sk-live');
    const keyed = z.strictObject({ apiKey: z.enum(['one']) });
    expect(() => parseOptions('acme', keyed, { apiKey: secret })).toThrow(/not shown/);
  });

  it('is an error of the configuration that names the provider', () => {
    expect(() => parseOptions('acme', schema, undefined)).toThrow(
      expect.objectContaining({ name: 'ConfigError', stage: 'config', provider: 'acme', retryable: false }),
    );
  });
});

describe('closestName', () => {
  it('forgives a slip, a swap and the wrong case, and nothing more', () => {
    const names = ['northwind', 'eastWind', 'acme'];
    expect(closestName('nortwhind', names)).toBe('northwind');
    expect(closestName('Eastwind', names)).toBe('eastWind');
    expect(closestName('acm', names)).toBe('acme');
    expect(closestName('contoso', names)).toBeUndefined();
  });
});
