// Cartesia's text-to-speech socket as a fake server. The engine of the testing package does the rest.
import type { AudioFormat } from '@voicewire/core/adapter';
import {
  type Refusal,
  startTtsFake,
  type TtsAsked,
  type TtsClientMessage,
  type TtsConversation,
  type TtsDialect,
  type TtsFake,
  type TtsFakeAudio,
  type TtsFakeEvent,
  type TtsFakeOptions,
  type WireMessage,
} from '@voicewire/testing';

const encodings: Readonly<Record<string, AudioFormat['encoding'] | undefined>> = {
  pcm_mulaw: 'mulaw',
  pcm_alaw: 'alaw',
  pcm_s16le: 'pcm_s16le',
};
const sampleRates = [8000, 16_000, 22_050, 24_000, 44_100, 48_000];

/** Starts a fake Cartesia on a free port of this machine. */
export function startCartesiaFake(options?: TtsFakeOptions): Promise<TtsFake> {
  return startTtsFake(cartesiaDialect, options);
}

export const cartesiaDialect: TtsDialect = {
  provider: 'cartesia',
  credential: ({ headers, url: { searchParams } }) =>
    headers['authorization']?.replace('Bearer ', '') ??
    headers['x-api-key'] ??
    searchParams.get('api_key') ??
    undefined,
  refusal: (status) => refusal(status, status === 401 ? 'unauthorized' : 'refused'),
  idleClose: { code: 1000, reason: 'connection idle timeout' },
  open: ({ url, headers }) => {
    if (url.pathname !== '/tts/websocket') return refusal(404, 'not_found');
    const version = headers['cartesia-version'] ?? url.searchParams.get('cartesia_version') ?? '';
    return /^\d{4}-\d\d-\d\d$/.test(version) ? converse() : refusal(400, 'version_missing');
  },
};

/** As the documentation has it, with nothing said of this request. */
function errorFields(errorCode: string): object {
  return { error_code: errorCode, title: 'Refused', message: 'Refused by the fake.', request_id: 'fake' };
}

function refusal(status: number, errorCode: string): Refusal {
  return { status, body: JSON.stringify(errorFields(errorCode)) };
}

interface GenerationRequest {
  readonly context_id: string;
  readonly model_id: string;
  readonly transcript: string;
  readonly voice: string | { readonly id: string };
  readonly language?: string | null;
  readonly output_format: {
    readonly container: string;
    readonly encoding: string;
    readonly sample_rate: number;
  };
  readonly add_timestamps?: boolean | null;
  readonly continue?: boolean | null;
  readonly flush?: boolean | null;
}

type ClientMessage = Partial<GenerationRequest> & { readonly cancel?: boolean };

interface Context {
  /** What no request of it may change. */
  readonly fields: string;
  readonly isTimed: boolean;
  /** Flushes that were answered. */
  flushes: number;
  /** Why it is refused, if it is. */
  error: { readonly status: number; readonly code: string } | undefined;
}

function converse(): TtsConversation {
  const contexts = new Map<string, Context>();
  return {
    asked: {},
    read: (message) => read(contexts, parse(message)),
    write: (event) => write(contexts, event).map((said) => JSON.stringify(said)),
  };
}

function parse(message: WireMessage): ClientMessage | undefined {
  try {
    const parsed: unknown = typeof message === 'string' ? JSON.parse(message) : undefined;
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function read(
  contexts: Map<string, Context>,
  message: ClientMessage | undefined,
): readonly TtsClientMessage[] {
  const utterance = message?.context_id;
  if (message === undefined || utterance === undefined) {
    const said = { type: 'error', done: true, status_code: 400, ...errorFields('invalid_message') };
    return [{ type: 'unreadable', code: 1008, message: JSON.stringify(said) }];
  }
  if (message.cancel) return [{ type: 'cancel', utterance }];
  const asked = toAsked(message);
  const messages: TtsClientMessage[] = [];
  const { transcript = '', continue: hasMore, flush, add_timestamps: isTimed, ...rest } = message;
  const fields = JSON.stringify({ ...rest, isTimed });
  const context = contexts.get(utterance) ?? {
    fields,
    isTimed: isTimed === true,
    flushes: 0,
    error: undefined,
  };
  if (!contexts.has(utterance)) messages.push({ type: 'open', utterance, asked: asked ?? anyFormat });
  contexts.set(utterance, context);
  const isNothing = messages.length > 0 && transcript === '';
  if (asked === undefined || isNothing || fields !== context.fields) {
    context.error = { status: 400, code: isNothing ? 'empty_transcript' : 'invalid_request' };
    return [...messages, { type: 'cancel', utterance }];
  }
  if (transcript !== '') messages.push({ type: 'text', utterance, text: transcript });
  if (flush) messages.push({ type: 'flush', utterance });
  if (!hasMore) messages.push({ type: 'end', utterance });
  return messages;
}

/** For what is opened to be refused. */
const anyFormat: TtsAsked = { format: { encoding: 'mulaw', sampleRate: 8000, channels: 1 } };

/** Undefined where a field that must be there is not, or says something unknown. */
function toAsked({
  model_id: model,
  voice,
  language,
  output_format: output,
}: ClientMessage): TtsAsked | undefined {
  const encoding = encodings[output?.encoding ?? ''];
  const sampleRate = output?.sample_rate ?? 0;
  if (!model || !voice || !encoding || output?.container !== 'raw') return undefined;
  if (!sampleRates.includes(sampleRate)) return undefined;
  return {
    format: { encoding, sampleRate, channels: 1 },
    voice: typeof voice === 'string' ? voice : voice.id,
    language: language ?? undefined,
  };
}

function write(contexts: Map<string, Context>, event: TtsFakeEvent): readonly object[] {
  if (event.type === 'ready' || event.type === 'goodbye') return [];
  const context = contexts.get(event.utterance);
  const common = { context_id: event.utterance, status_code: 206, done: false };
  switch (event.type) {
    case 'audio':
      return audioMessages(event, { ...common, flush_id: context?.flushes }, context?.isTimed ?? false);
    case 'flushed':
      if (context !== undefined) context.flushes += 1;
      return [{ ...common, type: 'flush_done', flush_done: true, flush_id: context?.flushes }];
    case 'final':
      contexts.delete(event.utterance);
      return [{ ...common, type: 'done', status_code: 200, done: true }];
    case 'cancelled':
      contexts.delete(event.utterance);
      return context?.error ? [errorMessage(event.utterance, context.error)] : [];
    case 'over-capacity':
      return [errorMessage(event.utterance, { status: 429, code: 'concurrency_limited' })];
  }
}

function errorMessage(contextId: string, { status, code }: NonNullable<Context['error']>): object {
  return { type: 'error', context_id: contextId, status_code: status, done: true, ...errorFields(code) };
}

/** Times in seconds from the first sample of the context. */
function audioMessages({ audio, words }: TtsFakeAudio, common: object, isTimed: boolean): readonly object[] {
  const chunk = { ...common, type: 'chunk', data: Buffer.from(audio).toString('base64'), step_time: 1 };
  if (!isTimed || words.length === 0) return [chunk];
  const times = {
    words: words.map(({ text }) => text),
    start: words.map(({ startMs }) => startMs / 1000),
    end: words.map(({ endMs }) => endMs / 1000),
  };
  return [chunk, { ...common, type: 'timestamps', word_timestamps: times }];
}
