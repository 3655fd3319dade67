// Broken telephony adapters: each a correct one with one thing wrong, and the checks that must notice.
import {
  ProviderError,
  type MediaConnection,
  type MediaEvent,
  type MediaOpenOptions,
  type TelephonyAdapter,
  type TelephonyCapabilities,
  type TelephonyWebhook,
} from '@voicewire/core/adapter';
import { sign, signatureHeader } from '../reference/telephony/acme-signature.js';
import { createAcmeTelephony } from '../reference/telephony/index.js';
import type { Broken } from './harness.js';

export const acmeKey = 'fake-key-0123456789';

export interface BrokenTelephony extends Broken {
  createAdapter(): TelephonyAdapter;
  createOther(): TelephonyAdapter;
}

interface TelephonyTwist {
  readonly capabilities?: Partial<TelephonyCapabilities>;
  readonly adapter?: (inner: TelephonyAdapter) => Partial<TelephonyAdapter>;
  /** What is asked of the correct media protocol. */
  options?(options: MediaOpenOptions): MediaOpenOptions;
  /** What a connection says in place of each event; called once per connection. */
  events?(): (event: MediaEvent) => readonly MediaEvent[];
  /** Anything else about a connection. */
  connection?(connection: MediaConnection, options: MediaOpenOptions): Partial<MediaConnection>;
}

function correct(apiKey: string): TelephonyAdapter {
  return createAcmeTelephony({ apiKey });
}

function readThrough(
  connection: MediaConnection,
  read: (events: AsyncIterable<MediaEvent>) => AsyncGenerator<MediaEvent>,
): Partial<MediaConnection> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = connection[Symbol.asyncIterator]();
      return read({ [Symbol.asyncIterator]: () => iterator });
    },
  };
}

/** A connection's methods and, where it is asked each time, what waits in its queue. */
function copyOf(connection: MediaConnection): MediaConnection {
  return Object.defineProperties({} as MediaConnection, Object.getOwnPropertyDescriptors(connection));
}

function twistTelephony(inner: TelephonyAdapter, twist: TelephonyTwist): TelephonyAdapter {
  const { media } = inner;
  function open(asked: MediaOpenOptions): MediaConnection {
    const options = twist.options?.(asked) ?? asked;
    const connection = media?.open(options) as MediaConnection;
    const toEvents = twist.events?.() ?? ((event: MediaEvent) => [event]);
    const twisted = Object.assign(
      copyOf(connection),
      readThrough(connection, async function* (events) {
        for await (const event of events) yield* toEvents(event);
      }),
    );
    return Object.defineProperties(
      twisted,
      Object.getOwnPropertyDescriptors(twist.connection?.(copyOf(twisted), asked) ?? {}),
    );
  }
  return {
    ...inner,
    capabilities: { ...inner.capabilities, ...twist.capabilities },
    media: media === undefined ? undefined : { ...media, open },
    ...twist.adapter?.(inner),
  };
}

function broken(name: string, fails: readonly string[], twist: TelephonyTwist): BrokenTelephony {
  return {
    name,
    fails,
    createAdapter: () => twistTelephony(correct(acmeKey), twist),
    createOther: () => twistTelephony(correct('another-key-0123456789'), twist),
  };
}

function without(type: MediaEvent['type']): TelephonyTwist {
  return { events: () => (event) => (event.type === type ? [] : [event]) };
}

const start = 'start: says whose call it is, its token and parameters, its tracks and both formats';
const marks = 'marks: come back when their audio was played, with their id and generation';
const clear = 'clear: takes back what was not played; marks come back or not, as declared';
const played = 'played: says how much the far end has played since the last clear, and after how many clears';
const counted = 'skips and counts messages it can not read, and the call goes on';
const foreign = 'hears nothing that belongs to another stream';
const declared = 'declares what the carrier does: formats, frames, pacing, marks';

const brokenAudio: readonly BrokenTelephony[] = [
  broken('forgets the parameters', [start], {
    events: () => (event) => [event.type === 'start' ? { ...event, parameters: {} } : event],
  }),
  broken('makes up a token', ['start: has no token where the carrier sent none'], {
    events: () => (event) => [event.type === 'start' ? { ...event, token: event.token ?? 'none' } : event],
  }),
  broken(
    'begins with two frames in one',
    ["gives the caller's audio at once, unchanged, frame by frame, with its position"],
    {
      options(options) {
        let first: Uint8Array | undefined;
        let count = 0;
        return {
          ...options,
          onAudio(track, frame, atMs) {
            count += 1;
            if (count === 1) first = new Uint8Array(frame);
            else
              options.onAudio(
                track,
                count === 2 ? Buffer.concat([first ?? frame, frame]) : frame,
                count === 2 ? 0 : atMs,
              );
          },
        };
      },
    },
  ),
  broken('counts bytes for time', ['keeps the time of audio when frames are missing'], {
    options(options) {
      let atMs = 0;
      return {
        ...options,
        onAudio(track, frame) {
          options.onAudio(track, frame, atMs);
          atMs += frame.length / 8;
        },
      };
    },
  }),
  broken(
    'loses frames that had to wait',
    ['hears frames once and in order when they come twice or swapped'],
    {
      options(options) {
        let lastMs = -1;
        return {
          ...options,
          onAudio(track, frame, atMs) {
            const now = options.clock?.now() ?? 0;
            if (now > lastMs) options.onAudio(track, frame, atMs);
            lastMs = now;
          },
        };
      },
    },
  ),
  broken('cuts the last byte off', ['send: the carrier plays what it is given, byte by byte'], {
    connection: ({ send }) => ({ send: (audio) => send(audio.subarray(0, -1)) }),
  }),
  broken('forgets generations', [marks, clear], {
    events: () => (event) => [event.type === 'mark' ? { ...event, generation: 0 } : event],
  }),
  broken(
    'gives marks it does not declare',
    ['no marks declared: none come back, and asking for them harms nothing', declared],
    { capabilities: { marks: 'none' } },
  ),
  broken('does not clear', [clear, played], { connection: () => ({ clear: () => undefined }) }),
  broken('denies that marks come back', [clear], { capabilities: { clearReturnsMarks: false } }),
  broken('does not count clears', [played], {
    events: () => (event) => [event.type === 'played' ? { ...event, generation: 0 } : event],
  }),
  broken('counts what was played from the beginning', [played], {
    events: () => {
      let before = 0;
      let last = { playedMs: 0, generation: 0 };
      return (event) => {
        if (event.type !== 'played') return [event];
        if (event.generation !== last.generation) before += last.playedMs;
        last = event;
        return [{ ...event, playedMs: before + event.playedMs }];
      };
    },
  }),
  broken('has no hash key', ['dtmfIn: gives every key, in order'], {
    events: () => (event) => (event.type === 'dtmf' && event.digit === '#' ? [] : [event]),
  }),
  broken(
    'sends keys without declaring it',
    ['dtmfOut: has sendDtmf exactly where it is declared, and the carrier gets the digits'],
    {
      capabilities: { dtmfOut: false },
    },
  ),
  broken(
    'drops transcripts',
    ['transcripts: gives text the carrier recognised, on its track'],
    without('transcript'),
  ),
  broken('does not know how full its socket is', ["says how much waits in its socket's queue"], {
    connection: () => ({ buffered: 0 }),
  }),
];

const brokenEnds: readonly BrokenTelephony[] = [
  broken('ends without saying so', ['stop: says so when the caller hangs up, and returns'], without('stop')),
  broken('takes a lost connection for an end', ['throws when the connection is lost without a stop'], {
    connection: (connection) =>
      readThrough(connection, async function* (events) {
        try {
          yield* events;
        } catch (error) {
          if (!(error instanceof Error) || !error.message.includes('without a stop')) throw error;
        }
      }),
  }),
  broken(
    'throws when used after its end',
    ['close: closes the socket and returns; afterwards nothing is sent and nothing throws'],
    {
      connection({ send, close }) {
        let isClosed = false;
        return {
          send(audio) {
            if (isClosed) throw new Error('closed');
            send(audio);
          },
          close() {
            isClosed = true;
            close();
          },
        };
      },
    },
  ),
  broken('has reasons of its own', ['ends with the reason of its signal, and closes its socket'], {
    connection: (connection, { signal }) =>
      readThrough(connection, async function* (events) {
        try {
          yield* events;
        } catch (error) {
          throw signal.aborted ? new Error('aborted') : error;
        }
      }),
  }),
  broken('lets two readers read', ['lets one reader read, and throws for a second'], {
    connection(connection) {
      let iterator: AsyncIterator<MediaEvent> | undefined;
      return { [Symbol.asyncIterator]: () => (iterator ??= connection[Symbol.asyncIterator]()) };
    },
  }),
  broken('leaves a timer behind', ['leaves no timer and no listener behind, however it ends'], {
    options(options) {
      options.clock?.setTimeout(() => undefined, 3_600_000);
      return options;
    },
  }),
];

/** A message of the carrier's, as far as it is one. */
function read(message: string | Uint8Array): { type?: string; stream?: string; audio?: string } {
  try {
    return (JSON.parse(String(message)) as object | null) ?? {};
  } catch {
    return {};
  }
}

const brokenBounds: readonly BrokenTelephony[] = [
  broken('skips without counting', [counted, foreign], without('skipped')),
  broken('never gives up on nonsense', ['closes the socket after a run of messages it can not read'], {
    connection({ receive }) {
      let inRow = 0;
      return {
        receive(message) {
          inRow = read(message).type === undefined ? inRow + 1 : 0;
          if (inRow < 20) receive(message);
        },
      };
    },
  }),
  broken('hangs up on news', ['goes on when the carrier says something new'], {
    connection: ({ receive, close }) => ({
      receive: (message) => (read(message).type === 'not-yet-invented' ? close() : receive(message)),
    }),
  }),
  broken('hears what comes before the start', ['hears nothing before the start'], {
    connection({ receive }, { onAudio }) {
      let hasStarted = false;
      return {
        receive(message) {
          const { type, audio = '' } = read(message);
          if (type === 'start') hasStarted = true;
          if (type === 'audio' && !hasStarted) onAudio('caller', Buffer.from(audio, 'base64'), 0);
          receive(message);
        },
      };
    },
  }),
  broken('starts twice', ['takes no second start'], {
    events: () => {
      let first: MediaEvent | undefined;
      return (event) => {
        if (event.type === 'start') first = event;
        return event.type === 'skipped' && event.reason === 'second-start' && first !== undefined
          ? [first]
          : [event];
      };
    },
  }),
  broken('hears every stream', [foreign], {
    connection({ receive }) {
      return {
        receive(message) {
          const { type, stream } = read(message);
          receive(
            stream === 'stream-2' && type !== 'start'
              ? String(message).replace('stream-2', 'stream-1')
              : message,
          );
        },
      };
    },
  }),
];

function letsIn(inner: TelephonyAdapter, verifyUpgrade: () => void): Partial<TelephonyAdapter> {
  return inner.media === undefined ? {} : { media: { ...inner.media, verifyUpgrade } };
}

const brokenDoors: readonly BrokenTelephony[] = [
  broken('lets nobody in', ['verifyUpgrade: lets in what the carrier signed'], {
    adapter: (inner) =>
      letsIn(inner, () => {
        throw new ProviderError({ class: 'auth', provider: 'acme', stage: 'telephony', message: 'No.' });
      }),
  }),
  broken(
    'lets everybody in',
    ['verifyUpgrade: says auth to no signature, to an altered one, and to one for another address'],
    {
      adapter: (inner) => letsIn(inner, () => undefined),
    },
  ),
  broken('answers webhooks with an error', ['webhook: reads what the carrier signed, and answers'], {
    adapter: (inner) => ({
      async webhook(request, context) {
        const { events } = (await inner.webhook?.(request, context)) as TelephonyWebhook;
        return { events, respond: () => new Response(null, { status: 500 }) };
      },
    }),
  }),
  broken(
    'writes documents that are not what it answers',
    ['webhook: reads what the carrier signed, and answers'],
    { adapter: () => ({ respond: () => new Response('another') }) },
  ),
  broken(
    'believes every webhook',
    ['webhook: says auth to no signature, to an altered body, and to another address'],
    {
      adapter: (inner) => ({
        async webhook(request, context) {
          const body = Buffer.from(await request.arrayBuffer());
          const headers = { [signatureHeader]: sign(acmeKey, context.publicUrl, body) };
          return (await inner.webhook?.(
            new Request(request.url, { method: 'POST', headers, body }),
            context,
          )) as TelephonyWebhook;
        },
      }),
    },
  ),
  broken('declares transfers it can not do', ['control: has exactly the commands it declares'], {
    adapter: ({ capabilities }) => ({
      capabilities: { ...capabilities, control: { ...capabilities.control, transfer: true } },
    }),
  }),
  broken('declares frames of 30 ms', [declared], { capabilities: { frameMs: 30 } }),
  broken('has one health for all', ['has a healthKey that differs by credential and does not show it'], {
    adapter: () => ({ healthKey: 'acme' }),
  }),
];

export const brokenTelephony: readonly BrokenTelephony[] = [
  ...brokenAudio,
  ...brokenEnds,
  ...brokenBounds,
  ...brokenDoors,
];
