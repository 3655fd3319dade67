import { describe, expect, it } from 'vitest';
import { parseSse, type SseEvent } from './sse.js';

const target = { provider: 'acme', stage: 'llm' } as const;

async function* chunksOf(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function eventsOf(chunks: AsyncIterable<Uint8Array>, maxEventChars?: number): Promise<SseEvent[]> {
  const events: SseEvent[] = [];
  for await (const event of parseSse(chunks, { ...target, maxEventChars })) events.push(event);
  return events;
}

describe('parseSse', () => {
  const text = ': ping\n\ndata: Grüße 👋\n\nevent: end\nid: 7\ndata: a\ndata: b\n\n';
  const events = [
    { event: undefined, data: 'Grüße 👋' },
    { event: 'end', data: 'a\nb' },
  ];

  it.each([1, 2, 3, 5, 1000])('reads the same events in chunks of %d bytes, also with CRLF', async (size) => {
    expect(await eventsOf(chunksOf(text, size))).toEqual(events);
    expect(await eventsOf(chunksOf(text.replaceAll('\n', '\r\n'), size))).toEqual(events);
  });

  it('drops an event that the end cuts off, and skips what it does not know', async () => {
    expect(await eventsOf(chunksOf('mystery: 1\nretry: soon\ndata: whole\n\ndata: ha', 4))).toEqual([
      { event: undefined, data: 'whole' },
    ]);
  });

  it('gives an event before the chunk after it has come', async () => {
    let wasAsked = false;
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode('data: first\n\n');
      wasAsked = true;
      yield new TextEncoder().encode('data: second\n\n');
    }
    for await (const event of parseSse(slow(), target)) {
      if (event.data === 'first') expect(wasAsked).toBe(false);
    }
    expect(wasAsked).toBe(true);
  });

  it.each(['<html>\n<p>Sorry</p>', '\0\x01\x02data: lost\n\n', '{"choices": []}\n'])(
    'fails on what is no event stream, rather than losing an event: %j',
    async (text) => {
      await expect(eventsOf(chunksOf(`data: whole\n\n${text}`, 1000))).rejects.toMatchObject({
        class: 'protocol',
        message: expect.not.stringMatching(/Sorry|lost|choices/),
      });
    },
  );

  it.each(['data: ' + 'x'.repeat(200), 'data: xxxxxxxxx\n'.repeat(20)])(
    'gives what was whole, then fails on an event without end',
    async (endless) => {
      const events: SseEvent[] = [];
      const reading = (async () => {
        const chunks = chunksOf(`data: whole\n\n${endless}`, 10);
        for await (const event of parseSse(chunks, { ...target, maxEventChars: 100 })) events.push(event);
      })();
      await expect(reading).rejects.toMatchObject({ class: 'protocol', provider: 'acme' });
      expect(events).toEqual([{ event: undefined, data: 'whole' }]);
    },
  );

  it('leaves the bytes when its reader leaves, and passes on their failure', async () => {
    let wasLeft = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield new TextEncoder().encode('data: more\n\n');
      } finally {
        wasLeft = true;
      }
    }
    for await (const _ of parseSse(endless(), target)) break;
    expect(wasLeft).toBe(true);

    const cut = new Error('cut');
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode('data: a\n\n');
      throw cut;
    }
    await expect(eventsOf(failing())).rejects.toBe(cut);
  });
});
