// Request bodies read whole before a route sees them: bounded whatever a header claims, and the sender's fault when they break off.
import type { MiddlewareHandler } from 'hono';
import type { errorSchema } from './schemas.js';
import type { z } from '@hono/zod-openapi';

type Problem = z.infer<typeof errorSchema>;

export interface BoundedBodyOptions {
  readonly maxBytes: number;
  /** Answered with 413. */
  readonly tooLarge: Problem;
  /** Answered with 400. */
  readonly brokenOff: Problem;
}

export function boundedBody({ maxBytes, tooLarge, brokenOff }: BoundedBodyOptions): MiddlewareHandler {
  return async (context, next) => {
    const { raw } = context.req;
    if (raw.body === null) return next();
    const body = await readBody(raw.body, maxBytes).catch(() => 'broken-off' as const);
    if (body === 'broken-off') return context.json(brokenOff, 400);
    if (body === 'too-large') return context.json(tooLarge, 413);
    context.req.raw = new Request(raw, { body });
    return next();
  };
}

async function readBody(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | 'too-large'> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > maxBytes) return 'too-large';
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
