// A part of `npm run chaos`, from sources: adapters on sockets behind the chaos proxy, words counted by the oracle, no time asserted.
import { describe, expect, it } from 'vitest';
import { listAll, runCase } from '../../prove/lib/chaos-run.mjs';

const cases = listAll();

/** Every adapter and every kind of end once, at words that are not the same for all. */
const sample: readonly (readonly [id: string, words: readonly number[]])[] = [
  ['stt/deepgram/reset', [1]],
  ['stt/assemblyai/close-1000', [2]],
  ['stt/deepgram/unauthorized-401', []],
  ['stt/assemblyai/reset-resegmented', [2]],
  ['stt/assemblyai/accept-then-close', []],
  ['llm/openai/cut', [4, 11]],
  ['llm/anthropic/garbage', [7]],
  ['llm/ollama/ends-as-if-whole', [9]],
  ['llm/anthropic/empty-200', []],
  ['tts/elevenlabs/reset', [3, 10]],
  ['tts/cartesia/mute', [6]],
  ['tts/elevenlabs/cut-short', [5]],
  ['tts/cartesia/limited-429', []],
  ['story/both-down/llm', []],
];

describe('a call', () => {
  it.concurrent.each(sample)(
    'is heard whole: %s',
    async (id, words) => {
      const kase = cases.find((one) => one.id === id);
      if (kase === undefined) return expect.fail(`there is no case ${id}`);
      const { broken, calls } = await runCase(kase, words);
      expect(broken).toEqual([]);
      expect(calls).toBeGreaterThan(0);
    },
    120_000,
  );
});
