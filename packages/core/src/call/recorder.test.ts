// Recordings and lines kept in memory: what was heard, where it was heard, and no more than fits.
import { readWords } from '@voicewire/testing';
import { describe, expect, it } from 'vitest';
import { readWav } from '../audio/wav.js';
import { playCall, type PlayOptions } from '../../test/play-call.js';
import { createRecorder, type Recorder } from './recorder.js';

/** Left and right as text. */
function sides(recorder: Recorder | undefined): readonly [string, string] {
  const { audio, format } = readWav(recorder?.toWav() ?? new Uint8Array());
  const samples = new Int16Array(audio.buffer, audio.byteOffset, audio.byteLength / 2);
  const side = (channel: number): string => {
    const mono = samples.filter((_, index) => index % 2 === channel);
    const bytes = new Uint8Array(mono.buffer, mono.byteOffset, mono.byteLength);
    return readWords(bytes, { ...format, channels: 1 })
      .map(({ text }) => text)
      .join(' ');
  };
  return [side(0), side(1)];
}

async function record(options: Omit<PlayOptions, 'onCall'>) {
  let recorder: Recorder | undefined;
  const played = await playCall({
    ...options,
    onCall: (call) => {
      recorder = createRecorder(call);
      call.on('user-turn', ({ text }) => {
        if (text !== 'my secret follows') return;
        const unmask = call.mask('secret');
        call.on('agent-heard', unmask);
      });
    },
  });
  return { ...played, sides: sides(recorder) };
}

describe('a recording', () => {
  it('has the caller left and the agent right', async () => {
    const { sides: both } = await record({
      answers: ['Good day.'],
      script: async (hands) => {
        await hands.wait(500);
        await hands.say('hello there');
        await hands.agentFinishes();
      },
    });
    expect(both).toEqual(['hello there', 'good day']);
  });

  it('has nothing that a barge-in took back', async () => {
    const long = 'one two three four five six seven eight nine ten';
    const { sides: both, caller } = await record({
      answers: [long, 'Yes.'],
      script: async (hands) => {
        await hands.wait(500);
        await hands.say('count');
        await hands.agentSpeaks(900);
        await hands.say('stop that now');
        await hands.agentFinishes();
      },
    });
    expect(both[1]).toBe(caller.heardText());
    expect(both[1]).not.toContain('ten');
  });

  it('is silent on both sides while masked', async () => {
    const { sides: both } = await record({
      answers: ['I repeat the secret.', 'Welcome.'],
      script: async (hands) => {
        await hands.wait(500);
        await hands.say('my secret follows');
        await hands.agentFinishes();
        await hands.say('thank you');
        await hands.agentFinishes();
      },
    });
    expect(both).toEqual(['my secret follows thank you', 'welcome']);
  });
});
