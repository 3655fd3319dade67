// Acme's messages in, our parts out. Put messages from Acme's documentation, or from a recording, in here.
import { ProviderError } from '@voicewire/core/adapter';
import { expect, test } from 'vitest';
import { createAnswerReader, requestBody } from '../src/acme-wire.js';
import { acmeOptionsSchema } from '../src/acme-options.js';

test('fragments of calls become whole calls, before the finish', () => {
  const read = createAnswerReader();
  const fragments = [
    { type: 'tool_call', index: 0, id: 'a', name: 'weather', arguments: '{"city":' },
    { type: 'tool_call', index: 1, id: 'b', name: 'time', arguments: '{}' },
    { type: 'tool_call', index: 0, arguments: '"Oslo"}' },
  ];
  for (const fragment of fragments) expect(read(JSON.stringify(fragment))).toEqual([]);
  expect(read('{"type":"finish","reason":"tool_calls"}')).toEqual([
    { type: 'tool-call', id: 'a', name: 'weather', argumentsText: '{"city":"Oslo"}' },
    { type: 'tool-call', id: 'b', name: 'time', argumentsText: '{}' },
    { type: 'finish', reason: 'tool-calls' },
  ]);
});

test('a message of an unknown type says nothing', () => {
  expect(createAnswerReader()('{"type":"weather"}')).toEqual([]);
});

test('an error in the stream has the class of its status', () => {
  const read = createAnswerReader();
  expect(() => read('{"type":"error","status":429}')).toThrow(ProviderError);
  expect(() => read('{"type":"error","status":429}')).toThrow(
    expect.objectContaining({ class: 'rate_limit' }),
  );
});

test('what was not asked for is not sent', () => {
  const { signal } = new AbortController();
  const body: unknown = JSON.parse(
    requestBody(acmeOptionsSchema.parse({}), { messages: [{ role: 'user', content: 'Hi' }], signal }),
  );
  expect(body).toEqual({ model: 'acme-fast', messages: [{ role: 'user', content: 'Hi' }] });
});
