// The schema of an answer, as far as Anthropic can hold it; its own client has the same rules.
import { transformJSONSchema } from '@anthropic-ai/sdk/lib/transform-json-schema';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { toOutputSchema } from '../src/output-schema.js';

const answer = z.object({
  summary: z.string().min(1).max(200).describe('What it is about'),
  count: z.int().min(0),
  tags: z.array(z.string()).max(3),
  owner: z.object({ name: z.string().regex(/^x/) }).nullable(),
  when: z.union([z.iso.date(), z.number().positive()]).optional(),
});

describe('toOutputSchema', () => {
  it('leaves nothing that the client would have taken out', () => {
    const schema = toOutputSchema(z.toJSONSchema(answer));
    expect(transformJSONSchema(schema)).toEqual(schema);
    expect(transformJSONSchema(z.toJSONSchema(answer))).not.toEqual(z.toJSONSchema(answer));
  });

  it('keeps what an answer is chosen from', () => {
    const choice = z.toJSONSchema(z.object({ mood: z.enum(['good', 'bad']), kind: z.literal('mood') }));
    expect(toOutputSchema(choice)).toMatchObject({
      properties: { mood: { enum: ['good', 'bad'] }, kind: { const: 'mood' } },
    });
  });

  it('tells the model in words what can not be enforced', () => {
    expect(toOutputSchema({ type: 'integer', description: 'Age', minimum: 0, maximum: 9 })).toEqual({
      type: 'integer',
      description: 'Age (minimum: 0) (maximum: 9)',
    });
  });

  it('closes objects, at every depth, and leaves names of properties alone', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: { minimum: { type: 'object', properties: {}, additionalProperties: true } },
      $defs: { pattern: { oneOf: [{ type: 'object' }, { $ref: '#' }] } },
    };
    expect(toOutputSchema(schema)).toEqual({
      type: 'object',
      properties: { minimum: { type: 'object', properties: {}, additionalProperties: false } },
      $defs: { pattern: { anyOf: [{ type: 'object', additionalProperties: false }, { $ref: '#' }] } },
      additionalProperties: false,
    });
  });
});
