// One stream of a recogniser or a chain of them in virtual time, with everything it says and reports.
import { getEventListeners } from 'node:events';
import {
  createScriptedStt,
  createVirtualClock,
  type ScriptedFault,
  type ScriptedStt,
  type VirtualClock,
} from '@voicewire/testing';
import { expect } from 'vitest';
import { ProviderError } from '../src/errors/provider-error.js';
import { createAttempt } from '../src/resilience/attempt.js';
import type { AttemptReport } from '../src/spec/attempt.js';
import type { AudioFormat } from '../src/spec/audio.js';
import type { SttAdapter, SttEvent, SttStream } from '../src/spec/stt.js';
import { collect, type Collected } from './collect.js';

export const format: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };

export interface Opened extends Collected<SttEvent> {
  readonly stream: SttStream;
}

export interface Listening {
  readonly clock: VirtualClock;
  readonly controller: AbortController;
  readonly reports: AttemptReport[];
  /** What the call's detector hears. */
  isSpeech: boolean;
  open(adapter: SttAdapter): Opened;
  /** Says audio in frames of 20 ms, in real time. */
  speak(opened: Opened, audio: Uint8Array): Promise<void>;
  expectNothingLeft(): void;
}

export function createListening(): Listening {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const reports: AttemptReport[] = [];
  const listening: Listening = {
    clock,
    controller,
    reports,
    isSpeech: true,
    open(adapter) {
      const stream = adapter.open({
        format,
        clock,
        signal: controller.signal,
        isSpeech: () => listening.isSpeech,
        onAttempt: (report) => reports.push(report),
      });
      return { stream, ...collect(stream) };
    },
    async speak({ stream }, audio) {
      for (let at = 0; at < audio.length; at += 160) {
        stream.write(audio.subarray(at, at + 160));
        await clock.advance(20);
      }
    },
    expectNothingLeft() {
      expect(clock.pendingTimers).toBe(0);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    },
  };
  return listening;
}

export const textOf = (events: readonly SttEvent[]): string =>
  events.flatMap((event) => (event.type === 'final' && event.text !== '' ? [event.text] : [])).join(' ');

/** Hands out what ends its streams as a lost connection does. */
export function killable(adapter: SttAdapter, onOpen: (kill: () => void) => void): SttAdapter {
  return {
    ...adapter,
    open(request) {
      const attempt = createAttempt(request.signal);
      const lost = new ProviderError({
        class: 'unavailable',
        provider: adapter.provider,
        stage: 'stt',
        message: 'The connection was lost.',
      });
      onOpen(() => {
        attempt.end(lost);
      });
      return adapter.open({ ...request, signal: attempt.signal });
    },
  };
}

export const failing = (fault: ScriptedFault, options = {}): ScriptedStt =>
  createScriptedStt({ provider: 'first', faults: () => fault, ...options });
export const good = (options = {}): ScriptedStt => createScriptedStt({ provider: 'second', ...options });
