import { describe, expect, it } from 'vitest';
import { parseNdjson } from './ndjson.js';

const target = { provider: 'acme', stage: 'llm' } as const;

async function* chunksOf(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function valuesOf(text: string, size: number, maxLineChars?: number): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of parseNdjson(chunksOf(text, size), { ...target, maxLineChars }))
    values.push(value);
  return values;
}

describe('parseNdjson', () => {
  it.each([1, 2, 3, 7, 1000])('reads the same values in chunks of %d bytes', async (size) => {
    const text = '{"a":"Grüße 👋"}\r\n\n[1,\t2]\n"last"';
    expect(await valuesOf(text, size)).toEqual([{ a: 'Grüße 👋' }, [1, 2], 'last']);
  });

  it.each(['{"secret": hidden}\n', '{"secret":"hid'])(
    'fails on what is no JSON, without quoting it: %s',
    async (text) => {
      await expect(valuesOf(`1\n${text}`, 4)).rejects.toMatchObject({
        class: 'protocol',
        provider: 'acme',
        message: expect.not.stringMatching(/secret|hid/),
      });
    },
  );

  it('fails on a line without end', async () => {
    await expect(valuesOf(`"${'x'.repeat(500)}"`, 10, 100)).rejects.toMatchObject({ class: 'protocol' });
    expect(await valuesOf(`"${'x'.repeat(50)}"`, 10, 100)).toHaveLength(1);
  });
});
