// ElevenLabs' multi-context socket and its HTTP endpoints as one fake server. The engine of the testing package does the rest.
import type { AudioFormat } from '@voicewire/core/adapter';
import {
  type FakeRequest,
  type Refusal,
  startTtsFake,
  type TtsAnswer,
  type TtsAsked,
  type TtsClientMessage,
  type TtsConversation,
  type TtsDialect,
  type TtsFake,
  type TtsFakeAudio,
  type TtsFakeOptions,
  type WireMessage,
} from '@voicewire/testing';

const encodings: Readonly<Record<string, AudioFormat['encoding'] | undefined>> = {
  ulaw: 'mulaw',
  alaw: 'alaw',
  pcm: 'pcm_s16le',
};

/** Starts a fake for both transports of the adapter. */
export function startElevenLabsFake(options?: TtsFakeOptions): Promise<TtsFake> {
  return startTtsFake(elevenLabsDialect, options);
}

export const elevenLabsDialect: TtsDialect = {
  provider: 'elevenlabs',
  credential: ({ headers }) => headers['xi-api-key'],
  refusal: (status) => refusal(status, status === 401 ? 'invalid_api_key' : 'refused'),
  unauthorizedClose: closing('invalid_api_key'),
  idleClose: closing('input_timeout_exceeded'),
  concurrentUtterances: 5,
  capacityClose: closing('max_active_conversations'),
  unknownMessage: '{"notYetInvented":true}\n',
  open: (request) => route(request, 'multi-stream-input') ?? converse(request),
  answer: (request) => route(request, 'stream', 'stream/with-timestamps') ?? answer(request),
};

/** As a client over HTTP can judge it: there the end of the body is the only proof that speech is complete. */
const { open: _socket, ...httpOnly } = elevenLabsDialect;
export const elevenLabsHttpDialect: TtsDialect = {
  ...httpOnly,
  undetectable: ['early-end', 'silent-eof'],
};

function closing(error: string) {
  const message = JSON.stringify({ message: 'Refused by the fake.', error, code: 1008 });
  return { code: 1008, message };
}

function refusal(status: number, name: string): Refusal {
  return { status, body: JSON.stringify({ detail: { status: name, message: 'Refused by the fake.' } }) };
}

function endpointOf({ url }: FakeRequest): string | undefined {
  return /^\/v1\/text-to-speech\/[^/]+\/(.+)$/.exec(url.pathname)?.[1];
}

/** What is refused: another path, or a format it does not know. */
function route(request: FakeRequest, ...endpoints: readonly string[]): Refusal | undefined {
  if (!endpoints.includes(endpointOf(request) ?? '')) return refusal(404, 'not_found');
  return toAsked(request).format === undefined ? refusal(400, 'invalid_output_format') : undefined;
}

function toAsked({ url }: FakeRequest, language = url.searchParams.get('language_code')): TtsAsked {
  const [, name = '', rate] = /^([a-z]+)_(\d+)$/.exec(url.searchParams.get('output_format') ?? '') ?? [];
  const encoding = encodings[name];
  return {
    format: encoding && { encoding, sampleRate: Number(rate), channels: 1 },
    voice: decodeURIComponent(url.pathname.split('/')[3] ?? ''),
    language: language ?? undefined,
  };
}

interface ClientMessage {
  readonly context_id?: string;
  readonly text?: string | null;
  readonly flush?: boolean;
  readonly close_context?: boolean;
  readonly close_socket?: boolean;
}

function converse(request: FakeRequest): TtsConversation {
  const { model_id: model } = Object.fromEntries(request.url.searchParams);
  /** Open contexts, and whether all their text was flushed: only then is a closed one finished. */
  const contexts = new Map<string, boolean>();
  /** Closed, and still speaking what was flushed. */
  const finishing = new Set<string>();

  function readContext(message: ClientMessage): readonly TtsClientMessage[] {
    const { context_id: utterance = 'default', text, flush, close_context: isClosing } = message;
    const messages: TtsClientMessage[] = [];
    const isOpen = contexts.has(utterance);
    if (isClosing) {
      const isFlushed = contexts.get(utterance) ?? false;
      contexts.delete(utterance);
      if (isOpen && isFlushed) finishing.add(utterance);
      else if (!isOpen && !finishing.delete(utterance)) return [];
      return [{ type: isFlushed ? 'end' : 'cancel', utterance }];
    }
    if (!isOpen) {
      // It takes text or the blank that begins a context, nothing else.
      if (!text) return [{ type: 'unreadable', ...closing('unknown_context') }];
      contexts.set(utterance, true);
      messages.push({ type: 'open', utterance });
    }
    if (text === '') messages.push({ type: 'keep-alive' });
    if (text && text.trim() !== '') {
      contexts.set(utterance, false);
      messages.push({ type: 'text', utterance, text });
    }
    if (flush) {
      contexts.set(utterance, true);
      messages.push({ type: 'flush', utterance });
    }
    return messages;
  }

  return {
    asked: toAsked(request),
    read(message) {
      const parsed = parse(message);
      if (parsed === undefined || model?.startsWith('eleven_v3'))
        return [{ type: 'unreadable', ...closing('unreadable') }];
      return parsed.close_socket ? [{ type: 'close' }] : readContext(parsed);
    },
    write(event) {
      switch (event.type) {
        case 'audio':
          return [JSON.stringify(spokenMessage(event))];
        case 'final':
        case 'cancelled':
          finishing.delete(event.utterance);
          return [JSON.stringify({ isFinal: true, contextId: event.utterance })];
        default:
          return [];
      }
    },
  };
}

function parse(message: WireMessage): ClientMessage | undefined {
  if (typeof message !== 'string') return undefined;
  try {
    const parsed: unknown = JSON.parse(message);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Times count from the first sample of this message. */
function spokenMessage(event: TtsFakeAudio): object {
  const alignment = {
    chars: event.characters.map(({ text }) => text),
    charStartTimesMs: event.characters.map(({ startMs }) => startMs - event.startMs),
    charsDurationsMs: event.characters.map(({ startMs, endMs }) => endMs - startMs),
  };
  const audio = Buffer.from(event.audio).toString('base64');
  return { audio, contextId: event.utterance, alignment, normalizedAlignment: alignment };
}

/** Times in seconds from the first sample of all. */
function timedLine(event: TtsFakeAudio): string {
  const alignment = {
    characters: event.characters.map(({ text }) => text),
    character_start_times_seconds: event.characters.map(({ startMs }) => startMs / 1000),
    character_end_times_seconds: event.characters.map(({ endMs }) => endMs / 1000),
  };
  const audio = Buffer.from(event.audio).toString('base64');
  return `${JSON.stringify({ audio_base64: audio, alignment, normalized_alignment: alignment })}\n`;
}

function answer(request: FakeRequest): TtsAnswer | Refusal {
  const body = parse(Buffer.from(request.body).toString());
  const language = body && 'language_code' in body ? String(body.language_code) : undefined;
  if (request.method !== 'POST') return refusal(405, 'method_not_allowed');
  if (!body?.text)
    return {
      status: 422,
      body: '{"detail":[{"loc":["body","text"],"msg":"Field required","type":"missing"}]}',
    };
  const isTimed = endpointOf(request) === 'stream/with-timestamps';
  return {
    asked: toAsked(request, language),
    text: body.text,
    contentType: isTimed ? 'application/x-ndjson' : 'application/octet-stream',
    headers: { 'request-id': 'fake', 'character-cost': String(body.text.length) },
    write: (event) => (event.type !== 'audio' ? [] : [isTimed ? timedLine(event) : event.audio]),
  };
}
