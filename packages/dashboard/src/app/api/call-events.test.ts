import { describe, expect, it } from 'vitest';
import { readCallEvent } from './call-events.js';

const read = (event: unknown) => readCallEvent(JSON.stringify(event));

describe('events of the call log', () => {
  it('become what the page shows', () => {
    expect(read({ type: 'transcript-final', track: 'caller', text: 'hello', atMs: 1200, seq: 4 })).toEqual({
      type: 'caller-text',
      speaker: 'caller',
      text: 'hello',
      isFinal: true,
      atMs: 1200,
    });
    expect(read({ type: 'agent-text', turnId: 3, text: 'Good ' })).toMatchObject({
      turnId: '3',
      text: 'Good ',
    });
    expect(
      read({ type: 'turn-latency', turnId: 3, sttMs: 1, endpointMs: 2, llmMs: 3, ttsMs: 4, totalMs: 10 }),
    ).toMatchObject({
      latency: { sttMs: 1, endpointMs: 2, llmMs: 3, ttsMs: 4, totalMs: 10 },
    });
    expect(read({ type: 'call-ended', reason: 'caller-silent' })).toMatchObject({
      type: 'ended',
      reason: 'The agent heard nothing for a while and hung up.',
    });
  });

  it.each([
    ['heard', false],
    ['interrupted', true],
    ['cancelled', true],
    ['failed', true],
  ])('know that a reply that was %s was cut short: %s', (outcome, isCut) => {
    expect(read({ type: 'agent-heard', turnId: 1, text: 'a', outcome })).toMatchObject({ heard: 'a', isCut });
  });

  it('open what tools were given and gave, where it is JSON', () => {
    expect(
      read({ type: 'tool-started', id: 'a', name: 'order', argumentsText: '{"id":"1042"}', turnId: 1 }),
    ).toMatchObject({
      input: { id: '1042' },
    });
    expect(
      read({ type: 'tool-finished', id: 'a', ok: false, result: 'timed out', durationMs: 5 }),
    ).toMatchObject({
      isOk: false,
      output: 'timed out',
    });
  });

  it.each(['', 'nonsense', '[]', 'null', '{"type":7}', '{"type":"usage"}', '{"type":"constructor"}'])(
    'that mean nothing to the page are passed over: %s',
    (text) => {
      expect(readCallEvent(text)).toBeUndefined();
    },
  );
});
