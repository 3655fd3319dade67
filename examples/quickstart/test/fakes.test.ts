// A real adapter over real sockets, with a fake in the vendor's place; the testing guide shows it from here.
// #region fakes
import { fallbackLlm } from '@voicewire/core';
import { createOpenAiLlm } from '@voicewire/llm-openai';
import { startOpenAiFake } from '@voicewire/llm-openai/fake';
import { expect, it } from 'vitest';

it('goes to the next endpoint when the first is overloaded', async () => {
  const [first, second] = await Promise.all([
    startOpenAiFake(),
    startOpenAiFake({ script: [{ parts: [{ type: 'text', text: 'It is on its way.' }] }] }),
  ]);
  const chain = [first, second].map(({ url, apiKey }) => createOpenAiLlm({ baseUrl: `${url}/v1`, apiKey }));
  const fault = first.misbehave({ type: 'refuse', status: 503 }, { times: 1 });

  let text = '';
  const request = { messages: [{ role: 'user', content: 'Where is my order?' }] } as const;
  const { signal } = new AbortController();
  for await (const part of fallbackLlm(chain).generate({ ...request, signal }))
    if (part.type === 'text') text += part.text;

  expect(text).toBe('It is on its way.');
  expect(fault.count).toBe(1);
  await Promise.all([first.close(), second.close()]);
});
// #endregion fakes
