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

it.each([undefined, 4])('the model is told every word once (finals after %s words)', async (segmentWords) => {
  const { result } = await playCall({
    agent: { name: 'shop', instructions: 'Answer.' },
    providers: {
      stt: sttChain([
        createScriptedStt({ provider: 'first', segmentWords, faults: [{ type: 'fail', afterMs: 3_000 }] }),
        createScriptedStt({ provider: 'second', segmentWords, capabilities: { maxReplayRate: 1 } }),
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
