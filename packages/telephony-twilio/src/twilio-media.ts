// Media messages: what came as text, read or found to be of no use; what we say, written as text. Pure.
// https://www.twilio.com/docs/voice/media-streams/websocket-messages
import * as z from 'zod';

/** Numbers come as strings, except from some carriers that speak this dialect. */
const count = z.union([z.string().regex(/^\d{1,12}$/), z.int().nonnegative()]).transform(Number);
const streamSid = z.string();

const messageSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('connected') }),
  z.object({
    event: z.literal('start'),
    streamSid,
    start: z.object({
      callSid: z.string(),
      tracks: z.array(z.string()).min(1).max(4),
      mediaFormat: z.object({ encoding: z.string(), sampleRate: count, channels: count }),
      customParameters: z.record(z.string(), z.string()).nullish(),
    }),
  }),
  z.object({
    event: z.literal('media'),
    streamSid,
    media: z.object({ track: z.string(), chunk: count, timestamp: count, payload: z.string() }),
  }),
  z.object({
    event: z.literal('dtmf'),
    streamSid,
    dtmf: z.object({ digit: z.string().regex(/^[0-9*#A-D]$/), track: z.string().nullish() }),
  }),
  z.object({ event: z.literal('mark'), streamSid, mark: z.object({ name: z.string() }) }),
  z.object({ event: z.literal('stop'), streamSid }),
]);

export type MediaMessage = z.output<typeof messageSchema>;
export type MessageOf<Event extends MediaMessage['event']> = Extract<MediaMessage, { event: Event }>;

/** A message, or the reason why it can't be one. */
export function readMessage(text: string): MediaMessage | string {
  const media = readMedia(text);
  if (media !== undefined) return media;
  try {
    const { success, data, error } = messageSchema.safeParse(JSON.parse(text));
    if (success) return data;
    return error.issues[0]?.path[0] === 'event' ? 'unknown-event' : 'unreadable';
  } catch {
    // Not JSON. What it was matters to nobody; that it was is counted.
    return 'unreadable';
  }
}

/** The documented media message, key by key: `payload` stands between the two. */
const mediaHead =
  /^\{"event":"media","sequenceNumber":"\d{1,12}","media":\{"track":"(\w{1,32})","chunk":"(\d{1,12})","timestamp":"(\d{1,12})","payload":"/;
const mediaTail = '"},"streamSid":"';

/**
 * Fifty times a second for every call: a media message as the carrier really writes it, without building the JSON tree.
 * Undefined when anything about it is unusual; the whole reader then decides, and agrees on all that are read here.
 */
function readMedia(text: string): MessageOf<'media'> | undefined {
  const head = mediaHead.exec(text);
  if (head === null) return undefined;
  const payloadEnd = text.indexOf('"', head[0].length);
  const payload = text.slice(head[0].length, payloadEnd);
  const streamSid = text.slice(payloadEnd + mediaTail.length, -2);
  const isUsual = text.startsWith(mediaTail, payloadEnd) && text.endsWith('"}') && /^\w+$/.test(streamSid);
  if (!isUsual || payload.includes('\\')) return undefined;
  const [, track = '', chunk, timestamp] = head;
  return {
    event: 'media',
    streamSid,
    media: { track, chunk: Number(chunk), timestamp: Number(timestamp), payload },
  };
}

/** The bytes of a payload; undefined if it is not base64 throughout. */
export function decodePayload(payload: string): Uint8Array | undefined {
  const { length } = payload;
  const padding = payload.endsWith('==') ? 2 : payload.endsWith('=') ? 1 : 0;
  const bytes = Buffer.from(payload, 'base64');
  // Node leaves out what is not base64, so nothing was left out if nothing is missing.
  return length > 0 && bytes.length === (length / 4) * 3 - padding ? bytes : undefined;
}

/** Writes for one stream; what is always the same is put together once. */
export interface MediaWriter {
  media(audio: Uint8Array): string;
  mark(id: string, generation: number): string;
  readonly clear: string;
}

export function createMediaWriter(streamId: string): MediaWriter {
  const stream = `"streamSid":${JSON.stringify(streamId)}`;
  const mediaStart = `{"event":"media",${stream},"media":{"payload":"`;
  return {
    media: ({ buffer, byteOffset, byteLength }) =>
      `${mediaStart}${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}"}}`,
    mark: (id, generation) =>
      `{"event":"mark",${stream},"mark":{"name":${JSON.stringify(`${generation}:${id}`)}}}`,
    clear: `{"event":"clear",${stream}}`,
  };
}

/** What a mark of ours means; undefined when it is not ours. */
export function readMarkName(name: string): { readonly id: string; readonly generation: number } | undefined {
  const [, generation, id] = /^(\d{1,9}):(.*)$/s.exec(name) ?? [];
  return id === undefined ? undefined : { id, generation: Number(generation) };
}
