// Broken speech-to-text adapters: each a correct one with one thing wrong, and the checks that must notice.
import { isVoiceError, type AudioFormat, type SttEvent } from '@voicewire/core/adapter';
import { broken, finals, without, eagerly, readThrough, rebuilt, type BrokenStt } from './stt-parts.js';
import { brokenSttFailures } from './stt-failures.js';
import { returned } from './twist-stt.js';

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };

const flushed = 'flush: makes all audio so far final, then says flushed';
const everyWord = 'says every word in a final, once, in order';
const notMixed = 'does not mix two streams that run at once';

const brokenInput: readonly BrokenStt[] = [
  broken('says ready twice', ['says ready first, once'], {
    events: () => (event) => (event.type === 'ready' ? [event, event] : [event]),
  }),
  broken('swaps frames', ['delivers all audio in order, also what was written before ready'], {
    stream(stream) {
      const held: Uint8Array[] = [];
      const release = (): void => held.splice(0).forEach((audio) => stream.write(audio));
      return {
        ...stream,
        write(audio) {
          if (audio.length > 0) held.unshift(audio);
          if (held.length === 2) release();
        },
        flush() {
          release();
          stream.flush();
        },
        end() {
          release();
          stream.end();
        },
      };
    },
  }),
  broken(
    'writes into the bytes it is given',
    ['leaves the bytes it is given as they are, and sends no empty audio'],
    {
      stream: (stream) => ({
        ...stream,
        write(audio) {
          stream.write(new Uint8Array(audio));
          audio[0] = (audio[0] ?? 0) ^ 1;
        },
      }),
    },
  ),
  broken(
    'keeps audio without bound until it is ready',
    ['gives up audio that nobody takes while connecting, with capacity'],
    {
      stream(stream) {
        const waiting: (() => void)[] = [];
        let isReady = false;
        const later = (action: () => void): void => {
          if (isReady) action();
          else waiting.push(action);
        };
        const patient = {
          ...stream,
          write: (audio: Uint8Array) => later(() => stream.write(audio)),
          flush: () => later(() => stream.flush()),
          end: () => later(() => stream.end()),
        };
        return readThrough(patient, async function* (events) {
          for await (const event of events) {
            isReady = true;
            for (const action of waiting.splice(0)) action();
            yield event;
          }
        });
      },
    },
  ),
  broken(
    'lets unsent audio pile up',
    [
      'gives up audio that the provider stops reading',
      'gives up audio that nobody takes while connecting, with capacity',
    ],
    (target) => rebuilt(target, { maxUnsentBytes: 1e12, pingEveryMs: 0 }),
  ),
  broken(
    'reads on while nobody reads it',
    ['stops reading the provider while nobody reads its results, and loses none'],
    {
      stream: (stream, { signal }) => eagerly(stream, signal, () => undefined),
    },
  ),
  broken(
    'throws when written to after its end',
    ['takes write, flush and end after its end without throwing or sending'],
    {
      stream(stream) {
        let hasEnded = false;
        return {
          ...stream,
          write(audio) {
            if (hasEnded) throw new Error('write after end');
            stream.write(audio);
          },
          end() {
            hasEnded = true;
            stream.end();
          },
        };
      },
    },
  ),
  broken(
    'loses what is decided by the end',
    ['end: tells the provider, waits for the rest, returns, and its socket is gone'],
    {
      events:
        ({ hasEnded }) =>
        (event) =>
          hasEnded() && event.type === 'final' && event.text !== '' && event.settledMs - event.endMs < 250
            ? []
            : [event],
    },
  ),
  broken(
    'takes a clean close for an end nobody asked for',
    ['fails when the peer closes before it was asked to, even with code 1000'],
    {
      failure: (error, { hasEnded }) =>
        !hasEnded && isVoiceError(error) && error.status === 1000 ? returned : error,
    },
  ),
  broken(
    'calls an idle close a failure of the provider',
    ['idleLimitMs: calls it idle when the provider closes with nothing in flight'],
    {
      capabilities: { idleLimitMs: 10_000 },
    },
  ),
  broken('goes on when its reader has left', ['leaving the loop closes the connection'], {
    stream: (stream) => ({
      ...stream,
      [Symbol.asyncIterator]() {
        const iterator = stream[Symbol.asyncIterator]();
        return { next: () => iterator.next() };
      },
    }),
  }),
  broken('shares its memory between streams', [notMixed], () => {
    const known = new Map<number, SttEvent>();
    return {
      events: () => (event) => {
        if (event.type !== 'final') return [event];
        if (!known.has(event.startMs)) known.set(event.startMs, event);
        return [known.get(event.startMs) ?? event];
      },
    };
  }),
  broken('settles less than it was flushed', [flushed], {
    events: () => (event) => [
      event.type === 'flushed' ? { ...event, settledMs: event.settledMs - 100 } : event,
    ],
  }),
  broken(
    'answers a flush only when there were words',
    ['flush: is answered also when there is nothing to say'],
    {
      events: () => {
        let hasWords = false;
        return (event) => {
          if (event.type === 'final' && event.text !== '') hasWords = true;
          return event.type === 'flushed' && !hasWords ? [] : [event];
        };
      },
    },
  ),
  broken('flushes although it does not declare it', ['no flush declared: flush does nothing'], {
    capabilities: { flush: false },
  }),
];

const brokenRequests: readonly BrokenStt[] = [
  broken(
    'asks for its favourite format',
    ['opens with every format it declares, and the provider is told which'],
    {
      request: (request) =>
        request.format.sampleRate === 16_000 ? { ...request, format: telephone } : request,
    },
  ),
  broken('keeps the language to itself', ['tells the provider the language it is asked for'], {
    request: (request) => (request.language === 'en' ? { ...request, language: undefined } : request),
  }),
  broken('sends the first key term only', ['keyterms: tells the provider all of them'], {
    request: (request) => ({ ...request, keyterms: request.keyterms?.slice(0, 1) }),
  }),
  broken(
    'takes any format',
    ['refuses a format it does not declare with a ConfigError, before anything connects'],
    {
      request: (request) => (request.format.channels === 2 ? { ...request, format: telephone } : request),
    },
  ),
  broken(
    'takes key terms it does not declare',
    ['no keyterms declared: refuses them with a ConfigError, before anything connects'],
    {
      capabilities: { keyterms: false },
    },
  ),
  broken(
    'tells speakers apart without declaring it',
    ['no diarization declared: refuses it with a ConfigError, before anything connects'],
    {
      capabilities: { diarization: false },
    },
  ),
  broken(
    'takes any language',
    ['languages: refuses one it does not list with a ConfigError, before anything connects'],
    {
      request: (request) => (request.language === 'tlh' ? { ...request, language: 'en' } : request),
    },
  ),
  broken('declares a replay slower than real time', ['declares limits that make sense'], {
    capabilities: { maxReplayRate: 0.5 },
  }),
];

const brokenResults: readonly BrokenStt[] = [
  broken(
    'loses a word',
    [everyWord, flushed, notMixed],
    finals(({ text }) => ({ text: text.replace(' my ', ' ') })),
  ),
  broken(
    'lets settledMs go back',
    ['gives every final a settledMs that never goes back and never lies ahead of the audio'],
    finals(({ text, settledMs }) => ({ settledMs: text.includes('parcel') ? 1 : settledMs })),
  ),
  broken(
    'starts all words at once',
    ['timing word: times every word of a final'],
    finals(({ words, startMs }) => ({ words: words.map((word) => ({ ...word, startMs })) })),
  ),
  broken(
    'does not know where a final lies',
    ['timing word or segment: tells where a final begins and ends'],
    finals(() => ({ startMs: 0, endMs: 0 })),
  ),
  broken('gives words it can not time', ['timing segment or none: promises no words it can not time'], {
    capabilities: { timing: 'segment' },
  }),
  broken(
    'repeats final words in partials',
    ['partials: shows words before they are final, and only those not yet final'],
    {
      events: () => {
        let before = '';
        return (event) => {
          if (event.type === 'final') before += `${event.text} `;
          return [event.type === 'partial' ? { ...event, text: before + event.text } : event];
        };
      },
    },
  ),
  broken('gives partials it does not declare', ['no partials declared: gives none'], {
    capabilities: { partials: false },
  }),
  broken(
    'never says that speech ended',
    ['speechEvents: says where speech starts and ends, once per utterance, before its final'],
    without('speech-end'),
  ),
  broken('gives speech events it does not declare', ['no speechEvents declared: gives none'], {
    capabilities: { speechEvents: false },
  }),
  broken('misses the end of a turn', ['turnEvents: says when the speaker is done, after the final'], {
    events: () => (event) => (event.type === 'turn-end' && !event.eager && event.atMs > 2000 ? [] : [event]),
  }),
  broken(
    'never takes an eager end back',
    ['turnEvents: takes an eager end back when the speaker goes on'],
    without('turn-resumed'),
  ),
  broken('gives turn events it does not declare', ['no turnEvents declared: gives none'], {
    capabilities: { turnEvents: false },
  }),
  broken(
    'names no speakers',
    ['diarization: tells the speakers apart'],
    finals(({ words }) => ({ words: words.map((word) => ({ ...word, speaker: undefined })) })),
  ),
];

export const brokenStt: readonly BrokenStt[] = [
  ...brokenInput,
  ...brokenRequests,
  ...brokenResults,
  ...brokenSttFailures,
];
