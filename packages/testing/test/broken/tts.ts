// Broken text-to-speech adapters: each a correct one with one thing wrong, and the checks that must notice.
import {
  createEventQueue,
  durationMs,
  isVoiceError,
  ProviderError,
  type AudioFormat,
  type TtsAdapter,
  type TtsEvent,
  type TtsWord,
  type VoiceError,
} from '@voicewire/core/adapter';
import type { Target } from '../../src/conformance/bench.js';
import { createAcmeTts } from '../reference/tts/index.js';
import type { Broken } from './harness.js';
import { readUtterance, twistTts, type TtsTwist } from './twist-tts.js';

export interface BrokenTts extends Broken {
  createAdapter(target: Target): TtsAdapter;
}

export function correctTts({ wsUrl, apiKey }: Target): TtsAdapter {
  return createAcmeTts({ baseUrl: wsUrl, apiKey });
}

function broken(name: string, fails: readonly string[], twist: TtsTwist | (() => TtsTwist)): BrokenTts {
  const createAdapter = (target: Target): TtsAdapter =>
    twistTts(correctTts(target), typeof twist === 'function' ? twist() : twist);
  return { name, fails, createAdapter };
}

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };
const wordTimes = 'wordTimings: tells which text is spoken when, also over several writes';
const flush = 'textStreaming: a flush speaks what is there, and more may follow';
const ready = 'ready resolves; what was spoken before it is spoken';
const refused = 'ready rejects when the connection is refused, and closed resolves with the same failure';
const idle = 'closed resolves with the failure when the peer closes between utterances, and calls it idle';
const struck = 'closed resolves with the failure that struck in mid-utterance';
const harmless = 'ready and closed harm nobody who does not look at them';
const cancel = 'cancel: throws the reason, tells the provider, and drops audio that is still on its way';
const left = 'leaving the loop cancels the utterance';
const neverBegun = 'says nothing of an utterance that was aborted before it began';
const capacity = 'throws capacity for one utterance more, until one is over or cancelled';
const unread = 'stops reading the provider while nobody reads its audio, and loses none';

function failure(message: string): VoiceError {
  return new ProviderError({ class: 'unavailable', provider: 'acme', stage: 'tts', message });
}

/** Every word right after the audio it ends in. */
async function* announceLate(events: AsyncIterable<TtsEvent>, format: AudioFormat): AsyncGenerator<TtsEvent> {
  let waiting: readonly TtsWord[] = [];
  let audioMs = 0;
  for await (const event of events) {
    if (event.type === 'words') waiting = [...waiting, ...event.words];
    else yield event;
    if (event.type === 'audio') audioMs += durationMs(event.audio.length, format);
    const over = waiting.filter(({ endMs }) => endMs <= audioMs);
    waiting = waiting.slice(over.length);
    if (over.length > 0) yield { type: 'words', words: over };
  }
  if (waiting.length > 0) yield { type: 'words', words: waiting };
}

const brokenSpeech: readonly BrokenTts[] = [
  broken('gives empty pieces of audio', ['speaks every word, and gives all audio it got'], {
    events: () => (event) =>
      event.type === 'audio' ? [event, { type: 'audio', audio: new Uint8Array() }] : [event],
  }),
  broken('miscounts offsets', [wordTimes], {
    events: () => (event) => [
      event.type === 'words'
        ? { ...event, words: event.words.map((word) => ({ ...word, textStart: word.textStart + 2 })) }
        : event,
    ],
  }),
  broken(
    'announces words when they are over',
    ['wordTimings: a word is announced no later than its audio is over'],
    {
      utterance: (utterance) =>
        readUtterance(utterance, async function* (events) {
          const late: TtsEvent[] = [];
          for await (const event of events) {
            if (event.type === 'words') late.push(event);
            else yield event;
            if (late.length > 2) yield late.shift() as TtsEvent;
          }
          yield* late;
        }),
    },
  ),
  broken('announces a word as late as it may, which is not broken', [], {
    session: (session, { format }) => ({
      ...session,
      speak: (options) => readUtterance(session.speak(options), (events) => announceLate(events, format)),
    }),
  }),
  broken('gives word times it does not declare', ['no wordTimings declared: gives none'], {
    capabilities: { wordTimings: false },
  }),
  broken(
    'speaks the first piece of text only',
    ['textStreaming: joins what is written piece by piece', flush, wordTimes],
    {
      utterance(utterance) {
        let hasText = false;
        return {
          ...utterance,
          write(text) {
            if (!hasText) utterance.write(text);
            hasText = true;
          },
        };
      },
    },
  ),
  broken('waits for the end whatever is flushed', [flush], {
    utterance: (utterance) => ({ ...utterance, flush: () => undefined }),
  }),
  broken('takes nothing to say for a failure', ['takes nothing to say for a success without audio'], {
    utterance(utterance) {
      let text = '';
      const noting = {
        ...utterance,
        write(more: string) {
          text += more;
          utterance.write(more);
        },
      };
      return readUtterance(noting, async function* (events) {
        yield* events;
        if (text.trim() === '') throw failure('acme gave no audio.');
      });
    },
  }),
  broken(
    'asks for its favourite format',
    ['speaks every format it declares, and the provider is told which'],
    {
      request: (request) =>
        request.format.sampleRate === 16_000 ? { ...request, format: telephone } : request,
    },
  ),
  broken(
    'takes any format',
    ['refuses a format it does not declare with a ConfigError, before anything connects'],
    {
      request: (request) => (request.format.channels === 2 ? { ...request, format: telephone } : request),
    },
  ),
  broken(
    'speaks in one voice',
    ['speaks in the voice it is asked for, and an utterance may ask for another'],
    {
      speak: (options) => ({ ...options, voice: undefined }),
    },
  ),
  broken(
    'speaks one language',
    ['speaks the language it is asked for, and an utterance may ask for another'],
    {
      speak: (options) => ({ ...options, language: undefined }),
    },
  ),
];

const brokenSessions: readonly BrokenTts[] = [
  broken('is never ready', [ready, idle, neverBegun], {
    session(session) {
      const never = new Promise<void>((_resolve, reject) => void session.ready.catch(reject));
      never.catch(() => undefined);
      return { ...session, ready: never };
    },
  }),
  broken('is ready although it was refused', [refused], {
    session: (session) => ({ ...session, ready: session.ready.catch(() => undefined) }),
  }),
  broken(
    'takes its own closing for completeness',
    ['close: ends utterances with an error, resolves closed with undefined, and its socket is gone'],
    {
      utterance: (utterance) =>
        readUtterance(utterance, async function* (events) {
          try {
            yield* events;
          } catch (error) {
            if (!isVoiceError(error) || error.class !== 'aborted') throw error;
          }
        }),
    },
  ),
  broken('calls an idle close a failure of the provider', [idle], {
    session: (session) => ({
      ...session,
      closed: session.closed.then((error) => (error?.class === 'idle' ? failure('acme closed.') : error)),
    }),
  }),
  broken('closes without a word of what struck it', [struck], {
    session: (session) => ({
      ...session,
      closed: session.closed.then((error) => (error?.status === 1011 ? undefined : error)),
    }),
  }),
  broken(
    'rejects closed',
    [refused, idle, struck, harmless, 'throws no unhandled rejection when nobody reads the failure'],
    {
      session: (session) => ({
        ...session,
        closed: session.closed.then((error) => {
          if (error !== undefined) throw error;
          return undefined;
        }),
      }),
    },
  ),
  broken('declares a limit in seconds', ['declares limits that make sense'], {
    capabilities: { idleLimitMs: 20 },
  }),
  broken(
    'speaks with somebody else’s first words when two sessions are open',
    ['does not mix two sessions that run at once'],
    () => {
      let open = 0;
      let first: TtsEvent | undefined;
      return {
        session(session) {
          open += 1;
          void session.closed.then(
            () => (open -= 1),
            () => (open -= 1),
          );
          return session;
        },
        events: () => {
          let isFirst = true;
          return (event) => {
            if (event.type !== 'audio' || !isFirst) return [event];
            isFirst = false;
            if (open < 2) return [event];
            first ??= event;
            return [first];
          };
        },
      };
    },
  ),
];

const brokenUtterances: readonly BrokenTts[] = [
  broken(
    'throws when written to after its end',
    ['takes write, flush and end after its end without throwing or sending'],
    {
      utterance(utterance) {
        let hasEnded = false;
        return {
          ...utterance,
          write(text) {
            if (hasEnded) throw failure('acme has ended.');
            utterance.write(text);
          },
          end() {
            hasEnded = true;
            utterance.end();
          },
        };
      },
    },
  ),
  broken('does not tell the provider of a cancellation', [cancel, left, neverBegun, capacity, unread], {
    speak: (options) => ({ ...options, signal: new AbortController().signal }),
    utterance(utterance, { signal }) {
      const queue = createEventQueue<TtsEvent>({ signal });
      void (async () => {
        try {
          for await (const event of utterance) queue.push(event);
          queue.finish();
        } catch (error) {
          queue.fail(error);
        }
      })();
      return { ...utterance, [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator]() };
    },
  }),
  broken('goes on when its reader has left', [left], {
    utterance: (utterance) => ({
      ...utterance,
      [Symbol.asyncIterator]() {
        const iterator = utterance[Symbol.asyncIterator]();
        return { next: () => iterator.next() };
      },
    }),
  }),
  broken('speaks although its signal is aborted', [neverBegun], {
    speak: (options) =>
      options.signal.aborted ? { ...options, signal: new AbortController().signal } : options,
    utterance: (utterance, { signal }) =>
      readUtterance(utterance, async function* (events) {
        signal.throwIfAborted();
        yield* events;
      }),
  }),
  broken(
    'loses audio when utterances are spoken at once',
    ['speaks as many utterances at once as it declares, each its own words'],
    {
      session(session) {
        let open = 0;
        return {
          ...session,
          speak(options) {
            open += 1;
            return readUtterance(session.speak(options), async function* (events) {
              let isFirst = true;
              try {
                for await (const event of events) {
                  if (!isFirst || open < 2 || event.type !== 'audio') yield event;
                  if (event.type === 'audio') isFirst = false;
                }
              } finally {
                open -= 1;
              }
            });
          },
        };
      },
    },
  ),
  broken('takes more utterances than it declares', [capacity], { capabilities: { concurrentUtterances: 2 } }),
  broken('reads on while nobody reads it', [unread], {
    utterance(utterance, { signal }) {
      const iterator = utterance[Symbol.asyncIterator]();
      const queue = createEventQueue<TtsEvent>({ signal, onCancel: () => void iterator.return?.() });
      void (async () => {
        try {
          for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
            queue.push(next.value);
          queue.finish();
        } catch (error) {
          queue.fail(error);
        }
      })();
      return { ...utterance, [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator]() };
    },
  }),
];

export const brokenTts: readonly BrokenTts[] = [...brokenSpeech, ...brokenSessions, ...brokenUtterances];
