// A session of a voice or a chain of them in virtual time: what was said, heard and reported.
import { getEventListeners } from 'node:events';
import {
  createScriptedTts,
  createVirtualClock,
  readWords,
  type ScriptedFault,
  type ScriptedTts,
  type VirtualClock,
} from '@voicewire/testing';
import { expect } from 'vitest';
import type { AttemptReport } from '../src/spec/attempt.js';
import type { AudioFormat } from '../src/spec/audio.js';
import type { TtsAdapter, TtsEvent, TtsRequest, TtsSession, TtsUtterance } from '../src/spec/tts.js';
import { collect, type Collected } from './collect.js';

export const format: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };
export const text = 'Your order is on its way. It comes at five.';
export const spoken = 'your order is on its way it comes at five';

export interface Spoken extends Collected<TtsEvent> {
  readonly utterance: TtsUtterance;
}

export interface Speaking {
  readonly clock: VirtualClock;
  readonly controller: AbortController;
  readonly reports: AttemptReport[];
  connect(adapter: TtsAdapter, asked?: Partial<TtsRequest>): TtsSession;
  expectNothingLeft(): Promise<void>;
}

export function createSpeaking(): Speaking {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const reports: AttemptReport[] = [];
  return {
    clock,
    controller,
    reports,
    connect(adapter, asked = {}) {
      const { signal } = controller;
      return adapter.connect({
        format,
        clock,
        signal,
        onAttempt: (report) => reports.push(report),
        ...asked,
      });
    },
    async expectNothingLeft() {
      await clock.advance(0);
      expect(clock.pendingTimers).toBe(0);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    },
  };
}

/** Writes word by word, and reads to the end. */
export function say(session: TtsSession, words = text, signal = new AbortController().signal): Spoken {
  const utterance = session.speak({ bufferedMs: () => 0, signal });
  for (const piece of words.split(/(?<= )/)) utterance.write(piece);
  utterance.flush();
  utterance.end();
  return { utterance, ...collect(utterance) };
}

export function audioOf(events: readonly TtsEvent[]): Uint8Array {
  return Buffer.concat(events.flatMap((event) => (event.type === 'audio' ? [event.audio] : [])));
}

export function heard(events: readonly TtsEvent[]): string {
  return readWords(audioOf(events), format)
    .map((word) => word.text)
    .join(' ');
}

export const failing = (fault: ScriptedFault, options = {}): ScriptedTts =>
  createScriptedTts({ provider: 'first', faults: () => fault, ...options });
export const good = (options = {}): ScriptedTts => createScriptedTts({ provider: 'second', ...options });
