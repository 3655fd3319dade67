// Whole calls in virtual time: who has the floor, for how long, and what that costs.
import { readFile } from 'node:fs/promises';
import { createScriptedLlm, createScriptedStt, createScriptedTts } from '@voicewire/testing';
import { describe, expect, it } from 'vitest';
import { playCall, type PlayOptions } from '../../test/play-call.js';
import type { CallEvent } from '../spec/call-event.js';
import type { TurnPolicy } from '../turn/turn-policy.js';
import type { Agent } from './agent.js';

/** A recogniser without a view of its own on turns: the policy alone decides. */
const stt = () => createScriptedStt({ capabilities: { turnEvents: false } });

function agentWith(turn: Partial<TurnPolicy> = {}): Agent {
  return { name: 'test', instructions: 'Answer.', turn: { silenceMs: 60_000, ...turn } };
}

const quietMs = 500;

describe('while the agent speaks', () => {
  const long =
    'Your order left us on Monday and it is with the carrier who comes to you today between two and five';

  it.each([
    ['mm-hm', undefined],
    ['uh huh', 'en-GB'],
    ['okay', 'en'],
    ['ach so', 'de-AT'],
  ])('"%s" is in the transcript, and the agent is heard to its end', async (murmur, language) => {
    const { of, result, llm } = await playCall({
      agent: { ...agentWith(), language },
      answers: [long],
      providers: { stt: stt() },
      script: async (hands) => {
        await hands.wait(quietMs);
        await hands.say('where is my order');
        await hands.agentSpeaks(1_500);
        await hands.say(murmur);
        await hands.agentFinishes(2_000);
      },
    });
    expect(of('transcript-final').map(({ text }) => text)).toContain(murmur);
    expect(of('user-turn')).toHaveLength(1);
    expect(llm.requests).toHaveLength(1);
    expect(result.messages.at(-1)).toEqual({ role: 'assistant', content: long });
    const [paused] = of('agent-paused');
    const [resumed] = of('agent-resumed');
    // Speech, the silence that ends it, and the recogniser: no grace on top.
    expect((resumed?.atMs ?? 0) - (paused?.atMs ?? 0)).toBeLessThan(1_000);
  });

  it.each([
    ['into the last word of a question is its answer', 1_000, ['yes']],
    ['right after it too', 1_600, ['yes']],
    ['into what follows is a sign of listening', 4_000, []],
  ])('"yes" %s', async (_, afterMs, turns) => {
    const { of } = await playCall({
      agent: {
        ...agentWith(),
        greeting: 'Is this about Monday? I will look it up for you now and then you hear from me again soon.',
      },
      answers: ['Very well.'],
      providers: { stt: stt() },
      script: async (hands) => {
        await hands.agentSpeaks(afterMs);
        await hands.say('yes');
        await hands.agentFinishes(1_500);
      },
    });
    expect(of('user-turn').map(({ text }) => text)).toEqual(turns);
    expect(of('agent-heard')[0]).toMatchObject({ outcome: turns.length > 0 ? 'interrupted' : 'heard' });
  });

  it('"stop" stops it', async () => {
    const { of } = await playCall({
      answers: [long, 'Yes?'],
      providers: { stt: stt() },
      script: async (hands) => {
        await hands.wait(quietMs);
        await hands.say('where is my order');
        await hands.agentSpeaks(1_500);
        await hands.say('stop');
        await hands.agentFinishes(2_000);
      },
    });
    expect(of('agent-heard')[0]).toMatchObject({ outcome: 'interrupted' });
    expect(of('user-turn').at(-1)).toMatchObject({ text: 'stop' });
  });
});

describe('a caller who talks without end', () => {
  const monologue: PlayOptions['script'] = async (hands) => {
    await hands.wait(quietMs);
    let isOver = false;
    const listening = hands.agentFinishes(1_000).then(() => (isOver = true));
    while (!isOver) {
      await hands.say('and another thing');
      await hands.wait(260);
    }
    await listening;
    await hands.agentFinishes();
  };

  it('is interrupted, told so, and answered; the words said meanwhile are the next turn', async () => {
    const { of, caller, result } = await playCall({
      agent: { ...agentWith({ utteranceLimitMs: 10_000 }), lines: { interjection: 'One moment please.' } },
      answers: ['I have noted that.', 'That too.'],
      providers: { stt: stt() },
      script: monologue,
    });
    const [turn] = of('user-turn');
    expect(turn?.atMs).toBeGreaterThan(10_000);
    expect(turn?.atMs).toBeLessThan(10_700);
    expect(caller.heardText()).toMatch(/^one moment please i have noted that/);
    expect(of('agent-heard')[0]).toMatchObject({
      outcome: 'heard',
      text: 'One moment please. I have noted that.',
    });
    expect(of('turn-latency')[0]?.totalMs).toBeLessThan(300);
    // No word of it is lost or told twice: what was not decided by then is in the next turn.
    const words = of('transcript-final')
      .map(({ text }) => text)
      .join(' ')
      .trim();
    expect(words).toMatch(/^(and another thing ?)+$/);
    const turns = of('user-turn').map(({ text }) => text);
    expect(turns).toHaveLength(2);
    expect(turns.join(' ')).toBe(words);
    expect(result.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
  });

  it('is listened to where there is no limit', async () => {
    const { of } = await playCall({
      agent: agentWith({ utteranceLimitMs: 0 }),
      providers: { stt: stt() },
      script: async (hands) => {
        await hands.wait(quietMs);
        for (let round = 0; round < 60; round += 1) {
          await hands.say('and another thing');
          await hands.wait(260);
        }
      },
    });
    expect(of('user-turn')).toEqual([]);
  });
});

describe('the end of a turn', () => {
  /** What one caller's pauses are like: some half, some twice their usual length. */
  const spread = [1, 0.65, 1.3, 0.8, 1.6, 0.9, 1.15, 0.7, 1.9, 1.05];
  const pieces = [2, 1, 3, 1, 4, 2, 1, 3];
  const callers = { brisk: 280, average: 450, slow: 800, 'very slow': 1_100 };

  interface Talk {
    readonly usualPauseMs: number;
    readonly turn?: Partial<TurnPolicy>;
    readonly turns?: number;
    readonly resume?: PlayOptions['resume'];
  }

  /** A call of so many turns, some in pieces; the agent is heard half a second after it decides to answer. */
  async function talk({ usualPauseMs, turn = {}, turns = 24, resume }: Talk) {
    let pauses = 0;
    const { of, result } = await playCall({
      agent: agentWith(turn),
      resume,
      providers: {
        stt: stt(),
        llm: createScriptedLlm({ responses: () => 'Noted.', delays: { firstMs: 350 } }),
        tts: createScriptedTts({ delays: { firstAudioMs: 150 } }),
      },
      script: async (hands) => {
        await hands.wait(quietMs);
        if (resume !== undefined) await hands.agentFinishes();
        for (let index = 0; index < turns; index += 1) {
          const count = pieces[index % pieces.length] ?? 1;
          for (let piece = 1; piece < count; piece += 1) {
            await hands.say('four seven eleven');
            await hands.wait(usualPauseMs * (spread[pauses % spread.length] ?? 1));
            pauses += 1;
          }
          await hands.say('that is it');
          await hands.agentFinishes(700);
        }
      },
    });
    // A call that is taken up tells its whole log.
    const isNew = ({ seq }: CallEvent): boolean => seq > (resume?.length ?? 0);
    const delays = of('turn-latency')
      .filter(isNew)
      .map(({ sttMs, endpointMs }) => sttMs + endpointMs);
    const unfinished = of('agent-heard').filter((event) => isNew(event) && event.outcome !== 'heard');
    return {
      log: result.log,
      delays,
      cutIns: unfinished.length,
      heardCutIns: unfinished.filter(({ outcome }) => outcome === 'interrupted').length,
      medianMs: Math.round(delays.toSorted((one, other) => one - other)[delays.length >> 1] ?? 0),
    };
  }

  /** The table of docs/guides/turn-taking.md. */
  it('fits the caller: the brisk wait less, the others are cut off less', async () => {
    const rows: string[] = [];
    for (const [name, usualPauseMs] of Object.entries(callers)) {
      const fixed = await talk({ usualPauseMs, turn: { endpointDynamic: false } });
      const longer = await talk({ usualPauseMs, turn: { endpointDynamic: false, endpointMs: 1_000 } });
      const learnt = await talk({ usualPauseMs });
      const cells = [fixed, longer, learnt].map(
        ({ cutIns, heardCutIns, medianMs }) => `${cutIns} (${heardCutIns}), ${medianMs} ms`,
      );
      rows.push(`| ${name}, ${usualPauseMs} ms | ${cells.join(' | ')} |`);
      expect(learnt.heardCutIns).toBeLessThanOrEqual(fixed.heardCutIns);
      if (name === 'brisk') expect(learnt.medianMs).toBeLessThan(fixed.medianMs);
      else expect(learnt.cutIns).toBeLessThan(fixed.cutIns * 0.6);
    }
    const guide = await readFile(new URL('../../../../docs/guides/turn-taking.md', import.meta.url), 'utf8');
    expect(guide).toContain(rows.join('\n'));
  });

  it('is known again when a call is taken up', async () => {
    const first = await talk({ usualPauseMs: 900, turns: 8 });
    const again = await talk({ usualPauseMs: 900, turns: 2, resume: first.log.slice(0, -1) });
    const anew = await talk({ usualPauseMs: 900, turns: 2 });
    expect(again.delays[0]).toBeGreaterThan(900);
    expect(anew.delays[0]).toBeLessThan(800);
  });
});
