// Words that come when nobody waits for them any more: answered where speech was heard, and only there.
import { createScriptedStt } from '@voicewire/testing';
import { describe, expect, it } from 'vitest';
import { playCall, type PlayOptions } from '../../test/play-call.js';

const agent = { name: 'test', instructions: 'Answer.' };
const quietMs = 500;

describe('a recogniser that is seconds late', () => {
  const late = (afterMs: number): PlayOptions => ({
    agent: { ...agent, turn: { silenceMs: 20_000 } },
    answers: ['You are welcome.'],
    providers: { stt: createScriptedStt({ delays: { eventMs: afterMs } }) },
    script: async (hands) => {
      await hands.wait(quietMs);
      await hands.say('thank you');
      await hands.wait(9_000);
    },
  });

  it.each([1_500, 3_000, 5_000])('is answered all the same, %d ms after the words', async (afterMs) => {
    const { caller, of } = await playCall(late(afterMs));
    expect(of('deadline-passed').map(({ name }) => name)).toContain('discard');
    expect(caller.heardText()).toBe('you are welcome');
    expect(of('user-turn')).toMatchObject([{ text: 'thank you' }]);
  });
});
