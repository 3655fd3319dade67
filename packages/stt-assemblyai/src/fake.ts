// AssemblyAI as fake servers: its live endpoint as a dialect of the testing package's engine, and its REST endpoints.
import { type AudioFormat, durationMs } from '@voicewire/core/adapter';
import {
  fakeApiKey,
  type FakeClose,
  type FakeRequest,
  type FakeServer,
  type Refusal,
  startFakeServer,
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

const sessionId = '00000000-0000-4000-8000-000000000000';

type Final = Extract<SttFakeEvent, { type: 'final' }>;
type Partial = Extract<SttFakeEvent, { type: 'partial' }>;
type Word = Pick<Final['words'][number], 'text' | 'startMs' | 'endMs' | 'confidence' | 'speaker'>;

/** Starts `/v3/ws`. */
export function startAssemblyAiFake(options?: SttFakeOptions): Promise<SttFake> {
  return startSttFake(assemblyAiDialect, options);
}

export const assemblyAiDialect: SttDialect = {
  provider: 'assemblyai',
  // The key has no scheme before it; a temporary token is part of the address.
  credential: ({ headers, url }) => headers['authorization'] ?? url.searchParams.get('token') ?? undefined,
  unauthorizedClose: closing(1008, 'Unauthorized Connection: Invalid API key'),
  refusal: () => ({ body: '{"error":"Refused by the fake."}' }),
  unknownMessage: '{"type":"NotYetInvented","turn_order":"none"}',
  open: (request) => refusalOf(request) ?? converse(request),
};

/** An `Error` message comes before the close with the same code. */
function closing(code: number, reason: string): FakeClose {
  return { code, reason, message: JSON.stringify({ type: 'Error', error_code: code, error: reason }) };
}

function refusalOf({ url }: FakeRequest): Refusal | undefined {
  if (url.pathname !== '/v3/ws') return { status: 404 };
  return askedFormat(url.searchParams) === undefined ? { status: 400 } : undefined;
}

function askedFormat(query: URLSearchParams): AudioFormat | undefined {
  const encodings: Readonly<Record<string, 'pcm_s16le' | 'mulaw'>> = {
    pcm_s16le: 'pcm_s16le',
    pcm_mulaw: 'mulaw',
  };
  const encoding = encodings[query.get('encoding') ?? 'pcm_s16le'];
  const sampleRate = Number(query.get('sample_rate') ?? 16_000);
  return encoding === undefined || !(sampleRate >= 8000) ? undefined : { encoding, sampleRate, channels: 1 };
}

/** Lists are one parameter, in JSON. */
function listOf(query: URLSearchParams, name: string): readonly string[] {
  return JSON.parse(query.get(name) ?? '[]') as readonly string[];
}

function toAsked(query: URLSearchParams): SttAsked {
  return {
    format: askedFormat(query),
    // One model is asked for English by its name, some models in so many words; the others listen for themselves.
    language: query.get('speech_model')?.endsWith('-english') ? 'en' : listOf(query, 'language_codes')[0],
    keyterms: listOf(query, 'keyterms_prompt'),
    diarize: query.get('speaker_labels') === 'true',
  };
}

function converse({ url }: FakeRequest): SttConversation {
  const query = url.searchParams;
  const asked = toAsked(query);
  const turns = createTurns(query);
  return {
    asked,
    read: (message) => [typeof message === 'string' ? readText(message) : readAudio(message, asked.format)],
    write(event) {
      switch (event.type) {
        case 'ready':
          return [say('Begin', { id: sessionId, expires_at: 1_767_225_600 })];
        case 'speech-start':
          // Of older models the first word of a turn is the first sign.
          return turns.areOlder ? [] : [say('SpeechStarted', { timestamp: event.atMs, confidence: 0.9 })];
        case 'partial':
          return turns.extend(event);
        case 'final':
          return turns.end(event);
        case 'goodbye': {
          const seconds = Math.round(event.audioMs / 1000);
          return [say('Termination', { audio_duration_seconds: seconds, session_duration_seconds: seconds })];
        }
        default:
          return [];
      }
    },
  };
}

function say(type: string, message: object): string {
  return JSON.stringify({ type, ...message });
}

function readAudio(audio: Uint8Array, format: SttAsked['format']): SttClientMessage {
  const ms = format === undefined ? 0 : durationMs(audio.length, format);
  if (ms >= 50 && ms <= 1000) return { type: 'audio', audio };
  const what = `Input Duration Violation: ${ms} ms. Expected between 50 and 1000 ms`;
  return { type: 'unreadable', ...closing(3007, what) };
}

function readText(message: string): SttClientMessage {
  try {
    const { type, keyterms_prompt: keyterms } = JSON.parse(message) as {
      readonly type?: unknown;
      readonly keyterms_prompt?: readonly string[];
    };
    if (type === 'ForceEndpoint') return { type: 'flush' };
    if (type === 'Terminate') return { type: 'end' };
    if (type === 'KeepAlive') return { type: 'keep-alive' };
    if (type === 'UpdateConfiguration')
      return { type: 'configure', asked: keyterms === undefined ? {} : { keyterms } };
    return { type: 'unreadable', ...closing(3006, 'Invalid Message Type') };
  } catch {
    return { type: 'unreadable', ...closing(3006, 'Invalid JSON') };
  }
}

/** Words after which a turn ends by itself: nobody says so many without a pause, and each message repeats them all. */
const longestTurn = 100;

/** How turns are told: everything so far in each message, and at the end once or twice. */
function createTurns(query: URLSearchParams) {
  const areOlder = !/^(u|universal-)3/.test(query.get('speech_model') ?? '');
  const formatsLater = areOlder && query.get('format_turns') === 'true';
  let order = 0;
  let words: Word[] = [];
  /** Words of the recogniser's utterance that were told in turns before this one. */
  let told = 0;

  function tell(ends: boolean, isFormatted: boolean, language?: string): string {
    // The last word may still change.
    const settled = ends || !areOlder ? words : words.slice(0, -1);
    const transcript = settled.map(({ text }) => style(text, isFormatted)).join(' ');
    const [first] = words;
    const hears = ends && query.get('language_detection') === 'true';
    return say('Turn', {
      turn_order: order,
      turn_is_formatted: isFormatted,
      end_of_turn: ends,
      transcript,
      utterance: ends ? transcript : '',
      end_of_turn_confidence: ends ? 0.9 : 0.1,
      words: words.map((word, index) => ({
        start: word.startMs,
        end: word.endMs,
        text: style(word.text, isFormatted),
        confidence: word.confidence ?? 0.8,
        word_is_final: index < settled.length,
        speaker: labelOf(word.speaker),
      })),
      language_code: hears ? (language ?? 'en') : undefined,
      speaker_label: labelOf(first?.speaker),
    });
  }

  function endTurn(language?: string): readonly string[] {
    const messages = areOlder ? [tell(true, false, language)] : [];
    if (formatsLater || !areOlder) messages.push(tell(true, true, language));
    order += 1;
    words = [];
    return messages;
  }

  return {
    areOlder,
    /** One word more. */
    extend({ text, startMs, endMs }: Partial): readonly WireMessage[] {
      const last = words.at(-1);
      words = [...words, { text: text.split(' ').at(-1) ?? '', startMs: last?.endMs ?? startMs, endMs }];
      if (words.length < longestTurn) return [tell(false, false)];
      told += words.length;
      return endTurn();
    },
    /** Where nothing was said there is no turn to end. */
    end(final: Final): readonly WireMessage[] {
      words = final.words.slice(told);
      told = 0;
      return words.length > 0 ? endTurn(final.language) : [];
    },
  };
}

/** Unformatted text has neither capitals nor punctuation. */
function style(text: string, isFormatted: boolean): string {
  return isFormatted ? text : text.toLowerCase().replace(/[.,?!]/g, '');
}

/** `speaker-0` is A, `speaker-1` is B. */
function labelOf(speaker: string | undefined): string | undefined {
  return speaker === undefined ? undefined : String.fromCharCode(65 + Number(/\d+$/.exec(speaker)?.[0] ?? 0));
}

export interface AssemblyAiRestFakeOptions {
  /** What a finished job has beside its id and status. */
  readonly transcript?: object | undefined;
  /** How often a job is still in work when it is asked after. Default 1. */
  readonly asksInWork?: number | undefined;
  /** The answer to everything. */
  readonly refusal?: Refusal | undefined;
}

export interface AssemblyAiRestFake extends Pick<FakeServer, 'url' | 'close'> {
  readonly requests: readonly FakeRequest[];
}

/** The token that the REST fake mints. */
export const fakeToken = 'fake-token-0123456789';

/** Starts `/v2/upload`, `/v2/transcript` and `/v3/token`. */
export async function startAssemblyAiRestFake(
  options: AssemblyAiRestFakeOptions = {},
): Promise<AssemblyAiRestFake> {
  const { transcript = { text: '', words: [], utterances: null }, refusal } = options;
  const requests: FakeRequest[] = [];
  let asksInWork = options.asksInWork ?? 1;

  function answer({ method, url, headers, body }: FakeRequest): object | number {
    if (headers['authorization'] !== fakeApiKey) return 401;
    switch (`${method} ${url.pathname}`) {
      case 'POST /v2/upload':
        return body.length > 0 ? { upload_url: `${server.url}/upload/1` } : 400;
      case 'POST /v2/transcript':
        return 'audio_url' in (JSON.parse(Buffer.from(body).toString()) as object)
          ? { id: sessionId, status: 'queued' }
          : 400;
      case `GET /v2/transcript/${sessionId}`:
        return asksInWork-- > 0
          ? { id: sessionId, status: 'processing' }
          : { id: sessionId, status: 'completed', ...transcript };
      case 'GET /v3/token': {
        const seconds = Number(url.searchParams.get('expires_in_seconds'));
        return seconds >= 1 && seconds <= 600 ? { token: fakeToken, expires_in_seconds: seconds } : 400;
      }
      default:
        return 404;
    }
  }

  const server = await startFakeServer({
    onRequest(request, response) {
      requests.push(request);
      const answered = answer(request);
      const status = refusal?.status ?? (typeof answered === 'number' ? answered : 200);
      const content = typeof answered === 'number' ? { error: 'Refused by the fake.' } : answered;
      response.writeHead(status, { 'content-type': 'application/json', ...refusal?.headers });
      response.end(refusal?.body ?? JSON.stringify(content));
    },
    onUpgrade: (_request, { socket }) => void socket.destroy(),
  });
  return { url: server.url, requests, close: server.close };
}
