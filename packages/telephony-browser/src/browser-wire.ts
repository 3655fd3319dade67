// The words between a page and the server, for both sides: the audio header, the messages, and how the server reads what a page sends.

/** Audio comes and goes in pieces of this length. */
export const frameMs = 20;
/** Before a page's PCM16: kind (1), track index, two zero bytes, and the frame's number, unsigned 32-bit little-endian. */
export const headerBytes = 8;
export const audioKind = 1;
/** What a page may ask for; mono PCM16 in both directions. */
export const sampleRates = [8000, 16_000, 24_000, 48_000] as const;

/** What a page says it heard or read. Times in ms on the track, counted by its own frames. */
export type PageTranscript =
  | { readonly type: 'speech-start'; readonly atMs: number }
  | { readonly type: 'speech-end'; readonly atMs: number }
  /** The caller is done: a typed line is sent whole, so nobody needs to wait for more. */
  | { readonly type: 'turn-end'; readonly atMs: number }
  | {
      readonly type: 'partial' | 'final';
      readonly text: string;
      readonly startMs: number;
      readonly endMs: number;
      readonly confidence?: number | undefined;
    };

/** JSON text from the page to the server; `start` comes first. */
export type PageMessage =
  | {
      readonly type: 'start';
      readonly token?: string | undefined;
      /** What the server calls this call. Default: a new name. */
      readonly callId?: string | undefined;
      readonly sampleRate: number;
      /** Default: the first label the server knows. */
      readonly tracks?: readonly string[] | undefined;
      readonly parameters?: Readonly<Record<string, string>> | undefined;
    }
  | { readonly type: 'dtmf'; readonly digit: string }
  | { readonly type: 'mark'; readonly id: string; readonly generation: number }
  /** What was heard of all that was sent since the last clear; `clears`: how many clears the page had obeyed. */
  | { readonly type: 'played'; readonly playedMs: number; readonly clears: number }
  | { readonly type: 'transcript'; readonly track?: string | undefined; readonly event: PageTranscript }
  | { readonly type: 'stop' };

/** JSON text from the server to the page. Binary messages are PCM16 to be played, without a header; closing with 1000 ends the call. */
export type ServerMessage =
  | { readonly type: 'ready'; readonly callId: string }
  | { readonly type: 'mark'; readonly id: string; readonly generation: number }
  | { readonly type: 'clear'; readonly clears: number };

const maxMessageChars = 16_384;
const maxTextChars = 4_000;
const maxNameChars = 256;
const maxTokenChars = 2_048;
const maxParameters = 32;
const maxTracks = 8;

type Fields = Readonly<Record<string, unknown>>;

/** The message, checked field by field; undefined for what can't be read or has a field out of its bounds. */
export function readPageMessage(text: string): PageMessage | undefined {
  if (text.length > maxMessageChars) return undefined;
  const fields = readFields(text);
  switch (fields?.['type']) {
    case 'start':
      return readStart(fields);
    case 'dtmf':
      return isDigit(fields['digit']) ? { type: 'dtmf', digit: fields['digit'] } : undefined;
    case 'mark':
      return isName(fields['id']) && isCount(fields['generation'])
        ? { type: 'mark', id: fields['id'], generation: fields['generation'] }
        : undefined;
    case 'played':
      return isTime(fields['playedMs']) && isCount(fields['clears'])
        ? { type: 'played', playedMs: fields['playedMs'], clears: fields['clears'] }
        : undefined;
    case 'transcript':
      return readTranscript(fields);
    case 'stop':
      return { type: 'stop' };
    default:
      return undefined;
  }
}

function readFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readStart({ token, callId, sampleRate, tracks, parameters }: Fields): PageMessage | undefined {
  if (token !== undefined && !isName(token, maxTokenChars)) return undefined;
  if (callId !== undefined && !isName(callId)) return undefined;
  if (!sampleRates.some((rate) => rate === sampleRate)) return undefined;
  if (tracks !== undefined && !isTrackList(tracks)) return undefined;
  if (parameters !== undefined && !isParameters(parameters)) return undefined;
  return { type: 'start', token, callId, sampleRate: sampleRate as number, tracks, parameters };
}

function readTranscript({ track, event }: Fields): PageMessage | undefined {
  if ((track !== undefined && !isName(track)) || !isFields(event)) return undefined;
  const transcript = readTranscriptEvent(event);
  return transcript && { type: 'transcript', track, event: transcript };
}

function readTranscriptEvent(event: Fields): PageTranscript | undefined {
  const { type, atMs, text, startMs, endMs, confidence } = event;
  if (type === 'speech-start' || type === 'speech-end' || type === 'turn-end')
    return isTime(atMs) ? { type, atMs } : undefined;
  if (type !== 'partial' && type !== 'final') return undefined;
  if (typeof text !== 'string' || text.length > maxTextChars) return undefined;
  if (!isTime(startMs) || !isTime(endMs) || startMs > endMs) return undefined;
  return { type, text, startMs, endMs, confidence: isShare(confidence) ? confidence : undefined };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDigit(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9*#A-D]$/.test(value);
}

function isName(value: unknown, maxChars = maxNameChars): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxChars;
}

function isTrackList(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxTracks) return false;
  return value.every((label) => isName(label)) && new Set(value).size === value.length;
}

function isParameters(value: unknown): value is Readonly<Record<string, string>> {
  if (!isFields(value) || Object.keys(value).length > maxParameters) return false;
  return Object.values(value).every((text) => typeof text === 'string' && text.length <= maxNameChars);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isShare(value: unknown): value is number {
  return isTime(value) && value <= 1;
}
