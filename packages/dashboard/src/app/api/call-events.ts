// The one place that knows the names of the call log's events: from what the server sends to what the page shows.

/** Where a turn's time went, in ms; see the call log's `turn-latency`. */
export interface Latency {
  readonly endpointMs: number;
  readonly sttMs: number;
  readonly llmMs: number;
  readonly ttsMs: number;
  readonly totalMs: number;
}

/** What the page shows of a call. `atMs` counts from the call's beginning. */
export type CallNews = { readonly atMs: number } & (
  | { readonly type: 'heard-speech'; readonly speaker: string; readonly isSpeaking: boolean }
  | {
      readonly type: 'caller-text';
      readonly speaker: string;
      readonly text: string;
      readonly isFinal: boolean;
    }
  | { readonly type: 'reply-started'; readonly turnId: string }
  /** The next piece of what the agent says. */
  | { readonly type: 'reply-text'; readonly turnId: string; readonly text: string }
  | {
      readonly type: 'reply-over';
      readonly turnId: string;
      /** All of it, unless the reply was cut short. */
      readonly heard: string;
      readonly isCut: boolean;
    }
  | { readonly type: 'reply-latency'; readonly turnId: string; readonly latency: Latency }
  | {
      readonly type: 'tool-started';
      readonly turnId: string | undefined;
      readonly id: string;
      readonly name: string;
      readonly input: unknown;
    }
  | {
      readonly type: 'tool-finished';
      readonly id: string;
      readonly isOk: boolean;
      readonly output: unknown;
      readonly durationMs: number;
    }
  | { readonly type: 'key'; readonly digit: string }
  | { readonly type: 'provider'; readonly stage: string; readonly provider: string }
  | {
      readonly type: 'provider-failed';
      readonly stage: string;
      readonly provider: string;
      readonly isHandled: boolean;
    }
  | { readonly type: 'error'; readonly stage: string; readonly message: string }
  | { readonly type: 'ended'; readonly reason: string }
);

type Fields = Readonly<Record<string, unknown>>;
type News<Item = CallNews> = Item extends CallNews ? Omit<Item, 'atMs'> : never;

/** By name in the log. A name that is not here is nothing the page shows. */
const readers: Readonly<Record<string, (event: Fields) => News | undefined>> = {
  'speech-started': (event) => ({ type: 'heard-speech', speaker: text(event['track']), isSpeaking: true }),
  'speech-ended': (event) => ({ type: 'heard-speech', speaker: text(event['track']), isSpeaking: false }),
  'transcript-partial': (event) => callerText(event, false),
  'transcript-final': (event) => callerText(event, true),
  'reply-started': (event) => ({ type: 'reply-started', turnId: turnOf(event) }),
  'agent-text': (event) => ({ type: 'reply-text', turnId: turnOf(event), text: text(event['text']) }),
  'agent-heard': (event) => ({
    type: 'reply-over',
    turnId: turnOf(event),
    heard: text(event['text']),
    isCut:
      event['interrupted'] === true ||
      ['interrupted', 'cancelled', 'failed'].includes(text(event['outcome'])),
  }),
  'turn-latency': (event) => ({ type: 'reply-latency', turnId: turnOf(event), latency: latencyOf(event) }),
  'tool-started': (event) => ({
    type: 'tool-started',
    turnId: event['turnId'] === undefined ? undefined : turnOf(event),
    id: text(event['id']),
    name: text(event['name']),
    input: parsed(event['argumentsText'] ?? event['arguments']),
  }),
  'tool-finished': (event) => ({
    type: 'tool-finished',
    id: text(event['id']),
    isOk: event['ok'] !== false && event['error'] === undefined,
    output: parsed(event['error'] ?? event['result']),
    durationMs: number(event['durationMs']),
  }),
  dtmf: (event) => ({ type: 'key', digit: text(event['digit']) }),
  'provider-used': (event) => ({
    type: 'provider',
    stage: text(event['stage']),
    provider: text(event['provider']),
  }),
  'provider-failed': (event) => ({
    type: 'provider-failed',
    stage: text(event['stage']),
    provider: text(event['provider']),
    isHandled: event['handled'] === true,
  }),
  error: (event) => ({ type: 'error', stage: text(event['stage']), message: text(event['message']) }),
  'call-ended': (event) => ({ type: 'ended', reason: endReason(text(event['reason'])) }),
};

const endReasons: Readonly<Record<string, string>> = {
  'caller-hung-up': 'You hung up.',
  'agent-hung-up': 'The agent said goodbye and hung up.',
  transferred: 'The call was handed to a person.',
  'caller-silent': 'The agent heard nothing for a while and hung up.',
  'media-lost': 'The connection was lost.',
  limit: 'The call reached its time limit.',
  'providers-failed': 'No provider could be reached any more.',
  aborted: 'The server ended the call.',
  error: 'The call ended because of an error.',
};

/** The event for the page, or nothing where it shows none. */
export function readCallEvent(json: string): CallNews | undefined {
  const event = parsed(json);
  if (!isFields(event)) return undefined;
  const name = text(event['type']);
  const news = Object.hasOwn(readers, name) ? readers[name]?.(event) : undefined;
  return news && { ...news, atMs: number(event['atMs']) };
}

export interface EventSubscription {
  close(): void;
}

/** Follows a call's log until it ends. The browser reconnects by itself and says which event it saw last. */
export function followCall(
  callId: string,
  onNews: (news: CallNews) => void,
  onLost: () => void,
): EventSubscription {
  const source = new EventSource(`/api/v1/calls/${encodeURIComponent(callId)}/events`);
  const take = ({ data }: MessageEvent<string>): void => {
    const news = readCallEvent(data);
    if (news === undefined) return;
    onNews(news);
    if (news.type === 'ended') source.close();
  };
  source.addEventListener('message', take);
  // `error` is also what the browser calls its own trouble, which has no data.
  for (const name of Object.keys(readers)) if (name !== 'error') source.addEventListener(name, take);
  source.onerror = (event) => {
    if (event instanceof MessageEvent) take(event as MessageEvent<string>);
    else if (source.readyState === EventSource.CLOSED) onLost();
  };
  return { close: () => source.close() };
}

function callerText(event: Fields, isFinal: boolean): News {
  return { type: 'caller-text', speaker: text(event['track']), text: text(event['text']), isFinal };
}

function latencyOf(event: Fields): Latency {
  return {
    endpointMs: number(event['endpointMs']),
    sttMs: number(event['sttMs']),
    llmMs: number(event['llmMs']),
    ttsMs: number(event['ttsMs']),
    totalMs: number(event['totalMs']),
  };
}

function endReason(reason: string): string {
  return endReasons[reason] ?? 'The call has ended.';
}

function turnOf(event: Fields): string {
  const turn = event['turnId'];
  return typeof turn === 'number' ? String(turn) : text(turn);
}

/** JSON where it is JSON, else as it is. */
function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
