// Any adapter with the faults of a scenario: what its provider does wrong, core sees as it would see the provider itself.
import {
  createLazyStream,
  systemClock,
  type LlmAdapter,
  type LlmPart,
  type SttAdapter,
  type SttEvent,
  type SttStream,
  type TtsAdapter,
  type TtsEvent,
} from '@voicewire/core/adapter';
import type { ScenarioFault } from './scenario.js';
import { planFaults, struck, type Struck } from './strike.js';
import { createWordWatch } from './word-watch.js';

/** What one provider does wrong, and who is told when it did. */
export interface Faults {
  readonly faults: readonly ScenarioFault[];
  readonly onStrike: (fault: ScenarioFault) => void;
}

const wordOf = ({ dies, mutes }: ScenarioFault): number | undefined => dies?.at_word ?? mutes?.at_word;

/** `at_word` counts what the caller says; sound that is word-coded. */
export function faultyStt(adapter: SttAdapter, { faults, onStrike }: Faults): SttAdapter {
  const plan = planFaults(faults, onStrike);
  const count = { words: 0 };
  return {
    ...adapter,
    open(request) {
      const fault = plan.next();
      if (fault === undefined) return adapter.open(request);
      const { clock = systemClock, signal, format } = request;
      const atWord = wordOf(fault);
      const watch = atWord === undefined ? undefined : createWordWatch(format, atWord, count);
      let stream: SttStream | undefined;
      const events: Struck<SttEvent> = struck(
        { stage: 'stt', provider: adapter.provider, clock, signal, fault, plan },
        (inner) => (stream = adapter.open({ ...request, signal: inner })),
      );
      const heard = (action: (stream: SttStream) => void): void => {
        if (stream !== undefined && !events.isStruck) action(stream);
      };
      return {
        write(audio) {
          heard((open) => open.write(audio));
          if (watch?.(audio) !== undefined) events.strike();
        },
        flush: () => heard((open) => open.flush()),
        end: () => heard((open) => open.end()),
        [Symbol.asyncIterator]: () => events[Symbol.asyncIterator](),
      };
    },
  };
}

/** `at_word` counts what this voice says; sound that is word-coded. */
export function faultyTts(adapter: TtsAdapter, { faults, onStrike }: Faults): TtsAdapter {
  const plan = planFaults(faults, onStrike);
  const count = { words: 0 };
  return {
    ...adapter,
    connect(request) {
      const session = adapter.connect(request);
      const { clock = systemClock, format } = request;
      return {
        ...session,
        speak(options) {
          const fault = plan.next();
          if (fault === undefined) return session.speak(options);
          const atWord = wordOf(fault);
          const watch = atWord === undefined ? undefined : createWordWatch(format, atWord, count);
          let utterance: ReturnType<typeof session.speak> | undefined;
          const events = struck<TtsEvent>(
            { stage: 'tts', provider: adapter.provider, clock, signal: options.signal, fault, plan },
            (signal) => (utterance = session.speak({ ...options, signal })),
            (event) => {
              const bytes = event.type === 'audio' ? watch?.(event.audio) : undefined;
              if (event.type !== 'audio' || bytes === undefined) return undefined;
              return [{ type: 'audio', audio: event.audio.subarray(0, bytes) }];
            },
          );
          return {
            write: (text) => utterance?.write(text),
            flush: () => utterance?.flush(),
            end: () => utterance?.end(),
            [Symbol.asyncIterator]: () => events[Symbol.asyncIterator](),
          };
        },
      };
    },
  };
}

/** `at_word` counts the words of one answer; models break off between words. */
export function faultyLlm(adapter: LlmAdapter, { faults, onStrike }: Faults): LlmAdapter {
  const plan = planFaults(faults, onStrike);
  return {
    ...adapter,
    generate: (request) =>
      createLazyStream(request.signal, () => {
        const fault = plan.next();
        if (fault === undefined) return adapter.generate(request);
        const { clock = systemClock, signal } = request;
        const atWord = wordOf(fault);
        let said = '';
        return struck<LlmPart>(
          { stage: 'llm', provider: adapter.provider, clock, signal, fault, plan },
          (inner) => adapter.generate({ ...request, signal: inner }),
          (part) => {
            if (part.type !== 'text' || atWord === undefined) return undefined;
            const before = said.length;
            said += part.text;
            const word = [...said.matchAll(/\s*\S+/g)][atWord - 1];
            return word === undefined ? undefined : [{ type: 'text', text: said.slice(before, word.index) }];
          },
        );
      }),
  };
}
