// Deepgram's live endpoints as fake servers. The dialects say how it talks; the engine of the testing package does the rest.
import type { AudioFormat } from '@voicewire/core/adapter';
import {
  type FakeRequest,
  type Refusal,
  startSttFake,
  type SttAsked,
  type SttClientMessage,
  type SttConversation,
  type SttDialect,
  type SttFake,
  type SttFakeEvent,
  type SttFakeOptions,
  type WireMessage,
} from '@voicewire/testing';

const requestId = '00000000-0000-4000-8000-000000000000';
const encodings: Readonly<Record<string, AudioFormat['encoding'] | undefined>> = {
  linear16: 'pcm_s16le',
  mulaw: 'mulaw',
  alaw: 'alaw',
};

type Final = Extract<SttFakeEvent, { type: 'final' }>;
type Partial = Extract<SttFakeEvent, { type: 'partial' }>;

/** Starts `/v1/listen`, as spoken with every model but Flux. */
export function startDeepgramFake(options?: SttFakeOptions): Promise<SttFake> {
  return startSttFake(deepgramDialect, options);
}

/** Starts `/v2/listen`, as spoken with Flux models. */
export function startDeepgramFluxFake(options?: SttFakeOptions): Promise<SttFake> {
  return startSttFake(deepgramFluxDialect, options);
}

const common = {
  provider: 'deepgram',
  credential: ({ headers }: FakeRequest) =>
    /^(?:token|bearer) (.+)$/i.exec(headers['authorization'] ?? '')?.[1],
  refusal: (status: number) => refusal(status, status === 401 ? 'INVALID_AUTH' : 'REFUSED'),
  // https://developers.deepgram.com/docs/stt-troubleshooting-websocket-data-and-net-errors
  idleClose: { code: 1011, reason: 'NET-0001' },
  unknownMessage: '{"type":"NotYetInvented","channel":[0,1]}',
};

export const deepgramDialect: SttDialect = {
  ...common,
  open: (request) => openListen(request) ?? converse(request),
};

export const deepgramFluxDialect: SttDialect = {
  ...common,
  eagerTurns: true,
  // It closes without a status.
  goodbyeCode: 1005,
  open: (request) => openFlux(request) ?? converseInTurns(request),
};

function refusal(status: number, code: string): Refusal {
  const body = JSON.stringify({ err_code: code, err_msg: 'Refused by the fake.', request_id: requestId });
  return { status, headers: { 'dg-error': code, 'dg-request-id': requestId }, body };
}

/** The parameters that Deepgram refuses; undefined where there are none. */
function openListen({ url }: FakeRequest): Refusal | undefined {
  const query = url.searchParams;
  if (url.pathname !== '/v1/listen') return refusal(404, 'NOT_FOUND');
  const isNova3 = query.get('model')?.startsWith('nova-3') ?? false;
  const isWrong =
    askedFormat(query) === undefined ||
    (query.has('utterance_end_ms') && query.get('interim_results') !== 'true') ||
    query.has(isNova3 ? 'keywords' : 'keyterm');
  return isWrong ? refusal(400, 'BAD_REQUEST') : undefined;
}

function openFlux({ url }: FakeRequest): Refusal | undefined {
  const query = url.searchParams;
  if (url.pathname !== '/v2/listen') return refusal(404, 'NOT_FOUND');
  const foreign = [
    'interim_results',
    'endpointing',
    'utterance_end_ms',
    'channels',
    'language',
    'diarize_model',
  ];
  const isWrong =
    !query.get('model')?.startsWith('flux-') ||
    askedFormat(query) === undefined ||
    foreign.some((name) => query.has(name));
  return isWrong ? refusal(400, 'BAD_REQUEST') : undefined;
}

/** Raw audio needs both parameters. */
function askedFormat(query: URLSearchParams): SttAsked['format'] {
  const encoding = encodings[query.get('encoding') ?? ''];
  const sampleRate = Number(query.get('sample_rate'));
  if (encoding === undefined || !(sampleRate >= 8000)) return undefined;
  return { encoding, sampleRate, channels: query.get('channels') === '2' ? 2 : 1 };
}

function toAsked({ url }: FakeRequest): SttAsked {
  const query = url.searchParams;
  return {
    format: askedFormat(query),
    // Flux is asked for English by its name.
    language:
      query.get('language') ?? query.get('language_hint') ?? /-(en)$/.exec(query.get('model') ?? '')?.[1],
    keyterms: [...query.getAll('keyterm'), ...query.getAll('keywords')],
    diarize: query.has('diarize_model') || query.get('diarize') === 'true',
  };
}

const controls: Readonly<Record<string, SttClientMessage>> = {
  Finalize: { type: 'flush' },
  CloseStream: { type: 'end' },
  KeepAlive: { type: 'keep-alive' },
};

function read(message: WireMessage): readonly SttClientMessage[] {
  // An empty binary message is taken for the wish to close.
  if (typeof message !== 'string') {
    return message.length === 0
      ? [{ type: 'audio', audio: message }, { type: 'end' }]
      : [{ type: 'audio', audio: message }];
  }
  try {
    const { type } = JSON.parse(message) as { type?: unknown };
    return [controls[String(type)] ?? { type: 'ignored' }];
  } catch {
    return [{ type: 'unreadable', code: 1008, reason: 'DATA-0000' }];
  }
}

function converse(request: FakeRequest): SttConversation {
  const query = request.url.searchParams;
  let settledMs = 0;

  function results(event: Final | Partial, isFinal: boolean): string {
    const untilMs = event.type === 'final' ? event.settledMs : event.endMs;
    const cause = event.type === 'final' ? event.cause : undefined;
    const message = {
      type: 'Results',
      channel_index: [0, 1],
      start: settledMs / 1000,
      duration: (untilMs - settledMs) / 1000,
      is_final: isFinal,
      speech_final: cause === 'pause',
      from_finalize: cause === 'flush',
      channel: { alternatives: [alternativeOf(event)] },
      metadata: {
        request_id: requestId,
        model_info: { name: query.get('model'), version: '1', arch: 'fake' },
      },
    };
    if (isFinal) settledMs = untilMs;
    return JSON.stringify(message);
  }

  return {
    asked: toAsked(request),
    read,
    write(event) {
      switch (event.type) {
        case 'speech-start':
          if (query.get('vad_events') !== 'true') return [];
          return [JSON.stringify({ type: 'SpeechStarted', channel: [0, 1], timestamp: event.atMs / 1000 })];
        case 'speech-end':
          if (!query.has('utterance_end_ms')) return [];
          return [
            JSON.stringify({ type: 'UtteranceEnd', channel: [0, 1], last_word_end: event.atMs / 1000 }),
          ];
        case 'partial':
          return query.get('interim_results') === 'true' ? [results(event, false)] : [];
        case 'final':
          return [results(event, true)];
        case 'goodbye':
          return [JSON.stringify(metadataOf(event.audioMs))];
        default:
          return [];
      }
    },
  };
}

function alternativeOf(event: Final | Partial) {
  const isFinal = event.type === 'final';
  return {
    transcript: event.text,
    confidence: isFinal ? (event.confidence ?? 0) : 0.8,
    languages: isFinal && event.language !== undefined ? [event.language] : undefined,
    words: (isFinal ? event.words : []).map((word) => ({
      word: word.text.toLowerCase(),
      punctuated_word: word.text,
      start: word.startMs / 1000,
      end: word.endMs / 1000,
      confidence: word.confidence,
      speaker: word.speaker === undefined ? undefined : Number(/\d+$/.exec(word.speaker)?.[0] ?? 0),
    })),
  };
}

function metadataOf(audioMs: number) {
  const created = '2026-01-01T00:00:00.000Z';
  const ids = { transaction_key: 'deprecated', request_id: requestId, sha256: '0'.repeat(64) };
  return { type: 'Metadata', ...ids, created, duration: audioMs / 1000, channels: 1 };
}

function converseInTurns(request: FakeRequest): SttConversation {
  let sequence = 0;
  let turnIndex = 0;
  let turnStartMs = 0;
  let transcript = '';

  function say(message: object): readonly string[] {
    return [JSON.stringify({ ...message, request_id: requestId, sequence_id: sequence++ })];
  }
  function turn(event: string, untilMs: number, extra: object = {}): readonly string[] {
    const audioWindow = { audio_window_start: turnStartMs / 1000, audio_window_end: untilMs / 1000 };
    const words = transcript.split(' ').filter((word) => word !== '');
    return say({
      type: 'TurnInfo',
      event,
      turn_index: turnIndex,
      ...audioWindow,
      transcript,
      words: words.map((word) => ({ word, confidence: 0.9 })),
      end_of_turn_confidence: event === 'EndOfTurn' ? 0.9 : 0.1,
      ...extra,
    });
  }

  return {
    asked: toAsked(request),
    read,
    write(event) {
      switch (event.type) {
        case 'ready':
          return say({ type: 'Connected' });
        case 'speech-start':
          return turn('StartOfTurn', event.atMs);
        case 'partial':
          transcript = event.text;
          return turn('Update', event.endMs);
        case 'turn-resumed':
          return turn('TurnResumed', event.atMs);
        case 'turn-end':
          return event.eager
            ? turn('EagerEndOfTurn', event.atMs, { end_of_turn_confidence: event.confidence })
            : [];
        case 'final': {
          transcript = event.text;
          // CloseStream leaves the turn open.
          if (event.cause !== 'pause') return transcript === '' ? [] : turn('Update', event.settledMs);
          const messages = turn('EndOfTurn', event.settledMs, { trigger: 'model' });
          turnIndex += 1;
          turnStartMs = event.settledMs;
          transcript = '';
          return messages;
        }
        default:
          return [];
      }
    },
  };
}
