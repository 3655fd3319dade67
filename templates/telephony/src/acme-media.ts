// Media messages, read and written as pure functions. https://docs.acme.example/media
import * as z from 'zod';

const messageSchema = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('start'),
    call: z.string(),
    stream: z.string(),
    token: z.string().nullish(),
    parameters: z.record(z.string(), z.string()).nullish(),
  }),
  z.object({ event: z.literal('audio'), stream: z.string(), data: z.base64() }),
  z.object({ event: z.literal('digit'), stream: z.string(), digit: z.string().regex(/^[0-9*#A-D]$/) }),
  z.object({ event: z.literal('mark'), stream: z.string(), name: z.string() }),
  z.object({ event: z.literal('stop'), stream: z.string() }),
]);

export type MediaMessage = z.output<typeof messageSchema>;

/** The longest message that is read, in UTF-16 units; a frame has some 300. */
const maxMessageLength = 65_536;

/** A message, or the reason why it can't be one. */
export function readMessage(text: string | Uint8Array): MediaMessage | string {
  if (typeof text !== 'string') return 'binary';
  if (text.length > maxMessageLength) return 'too-long';
  try {
    return messageSchema.safeParse(JSON.parse(text)).data ?? 'unreadable';
  } catch {
    // Not JSON. What it was matters to nobody; that it was is counted.
    return 'unreadable';
  }
}

export function writeAudio(audio: Uint8Array): string {
  return `{"event":"audio","data":"${Buffer.from(audio.buffer, audio.byteOffset, audio.byteLength).toString('base64')}"}`;
}

/** A mark's name carries its generation, so that what came before a clear is told from what came after. */
export function writeMark(id: string, generation: number): string {
  return JSON.stringify({ event: 'mark', name: `${generation}:${id}` });
}

export function readMarkName(name: string): { readonly id: string; readonly generation: number } | undefined {
  const [, generation, id] = /^(\d{1,9}):(.*)$/s.exec(name) ?? [];
  return id === undefined ? undefined : { id, generation: Number(generation) };
}

export const clearMessage = '{"event":"clear"}';
