// What the fake carrier says and understands on a media socket. Pure.
// https://www.twilio.com/docs/voice/media-streams/websocket-messages

export interface FakeStream {
  readonly accountSid: string;
  readonly callSid: string;
  readonly streamSid: string;
  /** Our labels. */
  readonly tracks: readonly string[];
  readonly parameters: Readonly<Record<string, string>>;
}

/** What an application may say; whatever else it says is its mistake. */
export type ApplicationMessage =
  | { readonly type: 'audio'; readonly audio: Uint8Array }
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'clear' }
  | { readonly type: 'unreadable'; readonly reason: string };

export interface StreamWriter {
  start(): string[];
  /** `atMs` is the position of the frame's audio, `sequence` counts a track's frames from 0. */
  media(track: string, audio: Uint8Array, atMs: number, sequence: number): string;
  dtmf(digit: string, track: string): string;
  mark(name: string): string;
  stop(): string;
}

/** The first frame of a real stream is not at 0 either. */
const firstTimestampMs = 63;

const trackNames: Readonly<Record<string, string>> = { caller: 'inbound', agent: 'outbound' };

export function createStreamWriter({
  accountSid,
  callSid,
  streamSid,
  tracks,
  parameters,
}: FakeStream): StreamWriter {
  let sequenceNumber = 0;
  const next = (): string => String((sequenceNumber += 1));
  const nameOf = (track: string): string => trackNames[track] ?? track;
  const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
  return {
    start() {
      const ids = { accountSid, streamSid, callSid, tracks: tracks.map(nameOf) };
      const start = { ...ids, mediaFormat, customParameters: parameters };
      return [
        JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }),
        JSON.stringify({ event: 'start', sequenceNumber: next(), start, streamSid }),
      ];
    },
    // Fifty times a second for each of many calls: no JSON tree.
    media: (track, audio, atMs, sequence) =>
      `{"event":"media","sequenceNumber":"${next()}","media":{"track":"${nameOf(track)}","chunk":"${sequence + 1}","timestamp":"${Math.round(atMs) + firstTimestampMs}","payload":"${toBase64(audio)}"},"streamSid":"${streamSid}"}`,
    dtmf: (digit, track) =>
      JSON.stringify({
        event: 'dtmf',
        streamSid,
        sequenceNumber: next(),
        dtmf: { track: `${nameOf(track)}_track`, digit },
      }),
    mark: (name) => JSON.stringify({ event: 'mark', sequenceNumber: next(), streamSid, mark: { name } }),
    stop: () =>
      JSON.stringify({ event: 'stop', sequenceNumber: next(), streamSid, stop: { accountSid, callSid } }),
  };
}

function toBase64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

/** As strict as the carrier, which closes streams over less. */
export function readApplicationMessage(message: string | Uint8Array, streamSid: string): ApplicationMessage {
  if (typeof message !== 'string') return { type: 'unreadable', reason: '31950: a binary message' };
  const parsed = parseObject(message);
  if (parsed === undefined) return { type: 'unreadable', reason: '31924: not a JSON object' };
  if (parsed['streamSid'] !== streamSid) return { type: 'unreadable', reason: '31924: another stream' };
  const { event, media, mark } = parsed;
  const payload = field(media, 'payload');
  const name = field(mark, 'name');
  if (event === 'clear') return { type: 'clear' };
  if (event === 'mark' && name !== undefined) return { type: 'mark', name };
  if (event !== 'media' || payload === undefined)
    return { type: 'unreadable', reason: '31924: neither media, mark nor clear' };
  const isBase64 = payload.length > 0 && payload.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(payload);
  if (!isBase64) return { type: 'unreadable', reason: '31924: a payload that is not base64' };
  return { type: 'audio', audio: Buffer.from(payload, 'base64') };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // The caller says what is wrong with it.
    return undefined;
  }
}

function field(value: unknown, name: string): string | undefined {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === 'string' ? found : undefined;
}
