// One track's ears alone: what recognisers say out of turn, and lines that carry nothing.
import { createScriptedStt, createVirtualClock } from '@voicewire/testing';
import { expect, it } from 'vitest';
import { silence } from '../audio/format.js';
import type { CallEventBody } from '../spec/call-event.js';
import type { SttAdapter, SttEvent } from '../spec/stt.js';
import { createEars } from './listen.js';
import { createMaskGate } from './mask-gate.js';

const format = { encoding: 'mulaw', sampleRate: 8_000, channels: 1 } as const;

function listen(stt: SttAdapter) {
  const clock = createVirtualClock();
  const events: CallEventBody[] = [];
  const ears = createEars({
    track: 'caller',
    format,
    stt,
    clock,
    signal: new AbortController().signal,
    gate: createMaskGate(() => undefined),
    dispatch: (event) => void events.push(event),
    decidesAlone: false,
    onFailure: (error) => {
      throw error;
    },
  });
  return { clock, ears, events };
}

/** Says these things, whatever it hears. */
function saying(events: readonly SttEvent[]): SttAdapter {
  return {
    ...createScriptedStt(),
    open: () => ({
      write: () => undefined,
      flush: () => undefined,
      end: () => undefined,
      async *[Symbol.asyncIterator]() {
        yield* events;
        await new Promise(() => undefined);
      },
    }),
  };
}

it('results that come late or twice are told once, and none goes back', async () => {
  const partial = (text: string, endMs: number): SttEvent => ({ type: 'partial', text, startMs: 0, endMs });
  const final = (text: string, startMs: number, endMs: number): SttEvent => ({
    type: 'final',
    text,
    startMs,
    endMs,
    settledMs: endMs,
    words: [],
  });
  const { clock, events } = listen(
    saying([
      { type: 'ready' },
      partial('one', 300),
      final('one two', 0, 600),
      partial('one', 300),
      final('one two', 0, 600),
      final('one', 0, 300),
      partial('three', 900),
      final('three', 700, 900),
    ]),
  );
  await clock.run();
  expect(events.map((event) => ('text' in event ? `${event.type} ${event.text}` : event.type))).toEqual([
    'transcript-partial one',
    'transcript-final one two',
    'transcript-partial three',
    'transcript-final three',
  ]);
});

it('a line that carries nothing is told, once for each silence', () => {
  const { ears, events } = listen(saying([]));
  let atMs = 0;
  const hear = (ms: number, frame: Uint8Array): void => {
    for (const endMs = atMs + ms; atMs < endMs; atMs += 20) ears.hear(frame, atMs);
  };
  const breath = silence(20, format);
  breath[80] = 0x7e;
  hear(9_980, silence(20, format));
  hear(20_000, breath);
  expect(events).toEqual([]);
  hear(30_000, silence(20, format));
  hear(20, breath);
  hear(10_000, silence(20, format));
  expect(events).toEqual([
    { type: 'audio-silent', track: 'caller', silentMs: 10_000 },
    { type: 'audio-silent', track: 'caller', silentMs: 10_000 },
  ]);
});

it('messages that the adapter skipped are in the log', () => {
  const stt = createScriptedStt();
  const { events } = listen({
    ...stt,
    open: (request) => {
      request.onAttempt?.({ type: 'skipped', provider: 'newer', reason: 'unknown-type', count: 3 });
      return stt.open(request);
    },
  });
  expect(events).toEqual([
    { type: 'messages-skipped', stage: 'stt', provider: 'newer', reason: 'unknown-type', count: 3 },
  ]);
});
