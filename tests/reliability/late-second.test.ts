// A second recogniser that takes audio no faster than it was spoken is late: the turn must wait for it.
import {
  countWords,
  createScriptedLlm,
  createScriptedStt,
  playCall,
  speechSound,
  wordsAsHeard,
} from '@voicewire/testing';
import { sttChain } from '@voicewire/core';
import { expect, it } from 'vitest';

const words = 'alpha bravo charlie delta echo foxtrot golf hotel india juliet'.split(' ');
const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;

it.each([
  [{}, 3_000],
  [{ segmentWords: 4 }, 3_000],
  // Its last guess is wrong, and it puts it right no sooner than it hears the pause.
  ...[500, 800, 1_100, 1_400, 1_700, 2_000].map((afterMs) => [{ revises: true }, afterMs] as const),
] as const)('the model is told every word once (%j, taken over after %d ms)', async (manner, afterMs) => {
  const { result } = await playCall({
    agent: { name: 'shop', instructions: 'Answer.' },
    providers: {
      stt: sttChain([
        createScriptedStt({ provider: 'first', ...manner, faults: [{ type: 'fail', afterMs }] }),
        createScriptedStt({ provider: 'second', ...manner, capabilities: { maxReplayRate: 1 } }),
      ]),
      llm: createScriptedLlm({ responses: ['Yes.', 'Yes.', 'Yes.', 'Yes.'] }),
    },
    async script(hands) {
      await hands.wait(400);
      await hands.play(speechSound(words.join('  '), format, 40));
      await hands.wait(8_000);
    },
  });
  const of = (type: string) =>
    result.log.flatMap((event) => (event.type === type && 'text' in event ? [event.text] : []));
  expect(countWords(words, wordsAsHeard(of('transcript-final').join(' ')))).toMatchObject({
    lost: [],
    repeated: [],
  });
  expect(of('user-turn')).toEqual([words.join(' ')]);
});
