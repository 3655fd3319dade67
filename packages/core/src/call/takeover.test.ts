// What is remembered of a reply whose voice died in the middle: never more than the caller heard.
import { createScriptedTts } from '@voicewire/testing';
import { expect, it } from 'vitest';
import { playCall } from '../../test/play-call.js';
import { ttsChain } from '../resilience/provider-chains.js';

it.each([500, 900, 1_500, 2_500])(
  'a clause that another voice says again counts from where it began again, %d ms in',
  async (bargeInMs) => {
    const capabilities = { wordTimings: false, textStreaming: false };
    // The first voice says the beginning and dies; the second says all of it again.
    const dying = createScriptedTts({
      provider: 'dying',
      capabilities,
      faults: () => ({ type: 'fail', afterEvents: 4 }),
    });
    const tts = ttsChain([dying, createScriptedTts({ provider: 'other', capabilities })]);
    const { caller, of } = await playCall({
      agent: {
        name: 'test',
        instructions: 'Answer.',
        greeting: 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen',
      },
      providers: { tts },
      script: async (hands) => {
        await hands.agentSpeaks(bargeInMs);
        await hands.say('stop that now please');
        await hands.wait(2_000);
      },
    });
    expect(of('agent-segment').filter(({ turnId }) => turnId === 1)).toMatchObject([
      { textStart: 0, startMs: 0 },
      { textStart: 0, startMs: 1_040 },
    ]);
    const remembered = of('agent-heard')[0]?.text ?? '';
    const again = caller.heardText().lastIndexOf('one');
    expect(caller.heardText().slice(again).startsWith(remembered)).toBe(true);
  },
);

it('a chain may be long: whoever stays connected is no leak', async () => {
  const warnings: string[] = [];
  const onWarning = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', onWarning);
  const refusing = Array.from({ length: 12 }, (_, place) =>
    createScriptedTts({ provider: `voice${place}`, faults: () => ({ type: 'fail' }) }),
  );
  const { caller } = await playCall({
    agent: { name: 'test', instructions: 'Answer.', greeting: 'good day' },
    providers: { tts: ttsChain([...refusing, createScriptedTts({ provider: 'last' })]) },
    script: (hands) => hands.agentFinishes(),
  });
  // Node tells it in the next turn of the loop.
  await new Promise((resolve) => void setImmediate(resolve));
  process.off('warning', onWarning);
  expect(caller.heardText()).toBe('good day');
  expect(warnings).toEqual([]);
});
