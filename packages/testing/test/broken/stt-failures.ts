// Adapters that fail or stop in a wrong way. What they prove holds for all kinds: the checks are the same.
import { isVoiceError, ProviderError, type SttEvent } from '@voicewire/core/adapter';
import { realClock } from '../../src/real-clock.js';
import { toEvents } from '../reference/stt/acme-wire.js';
import {
  altered,
  broken,
  deaf,
  eagerly,
  misnames,
  readThrough,
  rebuilt,
  type BrokenStt,
} from './stt-parts.js';
import { returned } from './twist-stt.js';

const tidy = 'leaves no timer and no listener behind, however it ends';
const refusals =
  'tells refusals apart: 401 and 403 auth, 402 quota, 404 invalid_request, 429 rate_limit, 500 and 503 unavailable';
const secretive = 'keeps keys, addresses and spoken words out of its errors';
const identity =
  'has a healthKey that differs by endpoint and by credential, and does not show the credential';
const abortedAt = (moment: string): string =>
  `ends with the reason of its signal, and its socket is gone within 500 ms: ${moment}`;
const newTypes = 'ignores messages of a type it does not know';
const countsNewTypes = 'tells how many messages of a type it does not know it skipped';

const misnaming: readonly BrokenStt[] = [
  broken(
    'calls an unpaid bill an outage',
    [refusals],
    misnames(({ status }) => status === 402, 'unavailable'),
  ),
  broken('forgets Retry-After', ['passes Retry-After on as retryAfterMs'], {
    failure: (error) => (isVoiceError(error) ? altered(error, { retryAfterMs: undefined }) : error),
  }),
  broken(
    'calls a wrong key an outage',
    [refusals, 'says auth when the key is wrong'],
    misnames(({ status }) => status === 401, 'unavailable'),
  ),
  broken(
    'blames the protocol when nobody listens',
    ['says unavailable when nobody listens'],
    misnames(({ message }) => message.includes('could not connect'), 'protocol'),
  ),
  broken(
    'blames the protocol for a reset',
    ['says unavailable when reset in the middle'],
    misnames(({ status }) => status === 1006, 'protocol'),
  ),
  broken('takes a close on opening for an end', ['fails when closed on opening'], {
    failure: (error) => (isVoiceError(error) && error.status === 1011 ? returned : error),
  }),
  broken(
    'takes any clean close after its end for the end',
    [
      'fails when the peer ends in the middle with code 1000',
      'fails when the proof of completeness is missing',
    ],
    {
      failure: (error, { hasEnded }) =>
        hasEnded && isVoiceError(error) && error.status === 1000 ? returned : error,
    },
  ),
  broken('takes an empty success for an end', ['fails on a success with nothing in it'], {
    failure: (error) => (isVoiceError(error) && error.status === 200 ? returned : error),
  }),
  broken(
    'calls nonsense an outage',
    ['says protocol when a message can not be read', 'says protocol when bytes come where text is due'],
    misnames((error) => error.class === 'protocol' && !error.message.includes('too long'), 'unavailable'),
  ),
  broken(
    'calls a huge message an outage',
    ['gives up on a message of 10 MB'],
    misnames(({ message }) => message.includes('too long'), 'unavailable'),
  ),
  broken('fails on a message of a new type', [newTypes, countsNewTypes], (target) =>
    rebuilt(target, {
      decode(message) {
        if ((message as SttEvent).type !== ('not-yet-invented' as string)) return toEvents(message);
        throw new ProviderError({
          class: 'protocol',
          provider: 'acme',
          stage: 'stt',
          message: 'acme said something new.',
        });
      },
    }),
  ),
  broken('does not tell that it skips messages', [countsNewTypes], {
    request: (request) => ({ ...request, onAttempt: undefined }),
  }),
  broken('tells each message that it skips twice', [countsNewTypes], {
    request: (request) => ({
      ...request,
      onAttempt(report) {
        request.onAttempt?.(report);
        request.onAttempt?.(report);
      },
    }),
  }),
  broken('shows its key', [secretive], ({ apiKey }) => ({
    failure: (error) =>
      isVoiceError(error) ? altered(error, { message: `With ${apiKey}: ${error.message}` }) : error,
  })),
  broken('quotes the caller', [secretive], {
    failure(error, { heard }) {
      const said = heard.map((event) => (event.type === 'partial' ? event.text : '')).join(' ');
      return isVoiceError(error) && said.trim() !== ''
        ? altered(error, { message: `${error.message} After: ${said}` })
        : error;
    },
  }),
];

const restless: readonly BrokenStt[] = [
  broken('tries again by itself', ['never tries again by itself'], {
    stream: (stream, request, inner) =>
      readThrough(stream, async function* (events) {
        try {
          yield* events;
        } catch (error) {
          const controller = new AbortController();
          if (isVoiceError(error) && error.status === 503)
            inner.open({ ...request, clock: undefined, signal: controller.signal });
          realClock.setTimeout(() => controller.abort(), 1000);
          throw error;
        }
      }),
  }),
  broken(
    'rejects a promise nobody looks at',
    [
      'throws no unhandled rejection when nobody reads the failure',
      'stops reading the provider while nobody reads its results, and loses none',
    ],
    {
      stream: (stream, { signal }) =>
        eagerly(stream, signal, (error) => void (isVoiceError(error) && Promise.reject(error))),
    },
  ),
  broken(
    'is deaf to its signal once it speaks',
    [abortedAt('in the middle'), tidy],
    deaf(({ spoken }) => !spoken),
  ),
  broken(
    'is deaf to its signal while connecting',
    [abortedAt('while nobody answers'), abortedAt('while nothing is said')],
    deaf(({ ready }) => ready),
  ),
  broken(
    'connects although its signal is aborted',
    ['connects to nothing when its signal is aborted already'],
    {
      open(request, inner) {
        if (!request.signal.aborted) return inner.open(request);
        const controller = new AbortController();
        inner.open({ ...request, signal: controller.signal });
        // Late enough to have connected.
        realClock.setTimeout(() => controller.abort(), 1000);
        return inner.open(request);
      },
    },
  ),
  broken('lets two readers read', ['lets one reader read, and throws for a second'], {
    stream(stream) {
      let iterator: AsyncIterator<SttEvent> | undefined;
      return { ...stream, [Symbol.asyncIterator]: () => (iterator ??= stream[Symbol.asyncIterator]()) };
    },
  }),
  broken('leaves a timer behind when it fails', [tidy], {
    stream: (stream, { clock }) =>
      readThrough(stream, async function* (events) {
        try {
          yield* events;
        } catch (error) {
          clock?.setTimeout(() => undefined, 3000);
          throw error;
        }
      }),
  }),
  broken('leaves a listener behind', [tidy], {
    stream(stream, { signal }) {
      signal.addEventListener('abort', () => undefined);
      return stream;
    },
  }),
  broken('takes timers from the system', ['takes its timers from the clock it is given'], {
    stream(stream) {
      setTimeout(() => undefined, 1);
      return stream;
    },
  }),
  broken('has one health for all', [identity], { healthKey: 'acme' }),
  broken('shows its key in its healthKey', [identity], ({ apiKey }) => ({
    healthKey: ({ healthKey }) => `${healthKey}${apiKey}`,
  })),
];

export const brokenSttFailures: readonly BrokenStt[] = [...misnaming, ...restless];
