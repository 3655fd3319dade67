// Schemas of tools and slots: whatever library made them, whatever they do.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkAgent, type Agent } from './agent.js';
import { toJsonSchema, validate, type StandardSchema } from './json-schema.js';
import { createSlotStore } from './slots.js';
import { defineTool } from './tool.js';

/** A schema as a library without a JSON Schema converter makes it. */
function plainSchema(check: (value: unknown) => unknown): StandardSchema {
  const validated = (value: unknown) => ({ value: check(value) });
  return { '~standard': { version: 1, vendor: 'plain', validate: validated } };
}

const throwing = plainSchema((value) => {
  throw new RangeError(`secret ${String(value)}`);
});

describe('a JSON Schema', () => {
  it('comes from the schema itself', () => {
    expect(toJsonSchema(z.object({ id: z.string() }), undefined, 'x')).toEqual({
      type: 'object',
      properties: { id: { type: 'string' } },
      required: ['id'],
    });
  });

  it('or from the field beside it, or is a ConfigError that says where', () => {
    expect(toJsonSchema(throwing, { type: 'string' }, 'x')).toEqual({ type: 'string' });
    const code = 'config.json_schema';
    expect(() => toJsonSchema(throwing, undefined, 'agent.tools.x.input')).toThrow(
      expect.objectContaining({ code }) as Error,
    );
    expect(() => toJsonSchema(z.object({ at: z.date() }), undefined, 'x')).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });

  it('that is missing is found before the first call, also at agents further on, with all other problems', () => {
    const tool = (name: string) =>
      defineTool({ name, description: '', risk: 'money', input: throwing, run: () => '' });
    const next: Agent = { name: 'next', instructions: '', tools: [tool('not a name')] };
    const agent: Agent = { name: 'first', instructions: '', handoffs: [next] };
    const circular: Agent = { ...agent, handoffs: [next, { ...next, handoffs: [agent] }] };
    const problems = (() => {
      try {
        checkAgent(circular, false);
        return [];
      } catch (error) {
        return (error as { readonly problems: readonly { readonly code: string }[] }).problems;
      }
    })();
    expect(new Set(problems.map(({ code }) => code))).toEqual(
      new Set(['config.json_schema', 'config.tool_name', 'config.tool_approval']),
    );
  });
});

describe('a value', () => {
  it('is checked with where it is wrong, and a schema that throws says nothing of it', async () => {
    expect(await validate(z.object({ a: z.object({ b: z.number() }) }), { a: { b: 'x' } })).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/^a\.b: /) as string,
    });
    expect(await validate(throwing, 'card')).toEqual({ ok: false, problem: 'it could not be checked' });
  });
});

describe('slots', () => {
  const filled: unknown[] = [];
  const store = createSlotStore(
    {
      age: { description: '', schema: z.coerce.number().max(150) },
      pin: {
        description: '',
        keypad: { digits: 4 },
        schema: plainSchema((value) => value),
      },
      code: {
        description: '',
        keypad: { digits: 4 },
        schema: {
          '~standard': {
            version: 1,
            vendor: 'x',
            validate: (value) => ({ issues: [{ message: `got ${String(value)}` }] }),
          },
        },
      },
    },
    (...slot) => filled.push(slot),
  );

  it('are checked on every write, and the complaint is for the model', async () => {
    expect(await store.fill('age', '200')).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^That does not fit: /) as string,
    });
    expect(await store.fill('age', '42')).toEqual({ ok: true, message: 'Noted. Still missing: pin, code.' });
    expect((await store.fill('age', 'old')).ok).toBe(false);
    expect(store.values.get('age')).toBe(42);
    expect(await store.fill('__proto__', 1)).toMatchObject({ ok: false });
    expect(filled).toEqual([['age', 42, false]]);
  });

  it('that are typed unseen stay unseen, also in complaints', async () => {
    expect(await store.fill('code', '9876')).toEqual({
      ok: false,
      message: 'That does not fit. Ask the caller to type it again.',
    });
    await store.fill('pin', '1234');
    expect(filled.at(-1)).toEqual(['pin', '1234', true]);
  });
});
