// Acme's media messages: what came as text, read or found to be of no use; what we say, as text. Pure.
import * as z from 'zod';

const span = { startMs: z.number(), endMs: z.number() };
const finalSchema = z.object({
  type: z.literal('final'),
  text: z.string(),
  ...span,
  settledMs: z.number(),
  words: z.array(z.object({ text: z.string(), ...span })),
});
const count = z.int().nonnegative();

const messageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('start'),
    call: z.string(),
    stream: z.string(),
    token: z.string().optional(),
    parameters: z.record(z.string(), z.string()),
    tracks: z.array(z.string()).min(1).max(4),
  }),
  z.object({
    type: z.literal('audio'),
    stream: z.string(),
    track: z.string(),
    sequence: count,
    audio: z.base64(),
  }),
  z.object({
    type: z.literal('key'),
    stream: z.string(),
    track: z.string(),
    digit: z.string().regex(/^[0-9*#A-D]$/),
  }),
  z.object({ type: z.literal('mark'), stream: z.string(), id: z.string(), generation: count }),
  z.object({ type: z.literal('played'), stream: z.string(), playedMs: z.number().nonnegative() }),
  z.object({ type: z.literal('text'), stream: z.string(), track: z.string(), event: finalSchema }),
  z.object({ type: z.literal('stop'), stream: z.string() }),
]);

export type AcmeMessage = z.output<typeof messageSchema>;
export type AcmeMessageOf<Type extends AcmeMessage['type']> = Extract<AcmeMessage, { type: Type }>;

/** A frame has some 300 characters. */
const maxLength = 65_536;
/** Our own messages nest three deep. */
const maxDepth = 16;

function isDeep(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '{' || character === '[') depth += 1;
    if (character === '}' || character === ']') depth -= 1;
    if (depth > maxDepth) return true;
  }
  return false;
}

/** A message, or why it is of no use. */
export function readMessage(data: string | Uint8Array): AcmeMessage | 'unreadable' {
  if (typeof data !== 'string' || data.length > maxLength || isDeep(data)) return 'unreadable';
  try {
    return messageSchema.parse(JSON.parse(data));
  } catch {
    // What it was matters to nobody; that it was is counted.
    return 'unreadable';
  }
}

export const say = {
  audio: (stream: string, audio: Uint8Array) =>
    JSON.stringify({ type: 'audio', stream, audio: Buffer.from(audio).toString('base64') }),
  mark: (stream: string, id: string, generation: number) =>
    JSON.stringify({ type: 'mark', stream, id, generation }),
  clear: (stream: string) => JSON.stringify({ type: 'clear', stream }),
  keys: (stream: string, digits: string) => JSON.stringify({ type: 'keys', stream, digits }),
} as const;
