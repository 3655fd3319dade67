// Whole calls in virtual time with models and voices that go on without end.
import { createScriptedTts } from '@voicewire/testing';
import { expect, it } from 'vitest';
import { playCall } from '../../test/play-call.js';
import { silence } from '../audio/format.js';
import type { TtsAdapter } from '../spec/tts.js';

it('a model that talks without end is spoken for no longer than the agent may speak', async () => {
  const { caller, result } = await playCall({
    agent: { name: 'test', instructions: 'Answer.', limits: { spokenSeconds: 3 } },
    answers: ['And another thing. '.repeat(50), 'Yes.'],
    script: async (hands) => {
      await hands.wait(500);
      await hands.say('tell me');
      await hands.agentFinishes();
      await hands.say('are you done');
      await hands.agentFinishes();
    },
  });
  const [first = '', second] = result.messages
    .filter(({ role }) => role === 'assistant')
    .map(({ content }) => content);
  expect(first.length).toBeLessThan(200);
  expect(second).toBe('Yes.');
  expect(caller.heardText()).toContain('and another thing');
});

it('a voice that never stops is stopped, and has failed', async () => {
  const tts = createScriptedTts();
  const endless: TtsAdapter = {
    ...tts,
    connect: (request) => ({
      ...tts.connect(request),
      speak: () => ({
        write: () => undefined,
        flush: () => undefined,
        end: () => undefined,
        async *[Symbol.asyncIterator]() {
          for (let second = 0; second < 100; second += 1) {
            yield { type: 'audio', audio: silence(1_000, request.format) };
          }
        },
      }),
    }),
  };
  const { result, of } = await playCall({
    answers: ['Hello.'],
    providers: { tts: endless },
    script: async (hands) => {
      await hands.wait(500);
      await hands.say('hello');
      await hands.agentFinishes();
    },
  });
  expect(result.reason).toBe('providers-failed');
  expect(of('error')[0]).toMatchObject({ stage: 'tts', code: 'provider.protocol' });
  const [first, ...later] = of('agent-audio');
  const ofReply = later.filter(({ turnId }) => turnId === first?.turnId);
  expect(ofReply.at(-1)?.producedMs).toBeLessThan(10_000);
});
