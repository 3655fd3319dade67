// The API's data as schemas: what is accepted, what is answered, what OpenAPI says.
import { z } from '@hono/zod-openapi';
import type { CallRecord, CallResult, ProviderHealth } from '@voicewire/core';

const e164 = z
  .string()
  .regex(/^\+[1-9]\d{6,14}$/, 'a phone number in E.164, as +14155550100')
  .openapi({ example: '+14155550100' });

/** What is nested deeper can be read, but not safely written again. */
const maxDepth = 16;

function depthOf(value: unknown, limit = maxDepth + 1): number {
  if (typeof value !== 'object' || value === null || limit === 0) return 0;
  return 1 + Math.max(0, ...Object.values(value).map((inner) => depthOf(inner, limit - 1)));
}

export const dialSchema = z
  .strictObject({
    to_number: e164,
    from_number: e164,
    context: z
      .record(z.string(), z.unknown())
      .refine((context) => depthOf(context) <= maxDepth, `nested at most ${maxDepth} deep`)
      .optional()
      .openapi({ description: 'What the agent and its tools may know about this call.' }),
  })
  .openapi('DialRequest');

export const callSchema = z
  .object({
    id: z.string(),
    provider: z.string(),
    direction: z.enum(['inbound', 'outbound']),
    from_number: z.string(),
    to_number: z.string(),
    status: z.enum(['expected', 'live', 'interrupted', 'over']),
    started_at: z.string().openapi({ description: 'ISO 8601' }),
    ended_at: z.string().optional(),
    end_reason: z.string().optional(),
    duration_ms: z.number().optional(),
  })
  .openapi('Call');

export const lineSchema = z
  .object({
    speaker: z.enum(['caller', 'agent']),
    track: z.string().optional(),
    text: z.string(),
    at_ms: z.number().openapi({ description: 'Milliseconds since the call began.' }),
    interrupted: z
      .boolean()
      .optional()
      .openapi({ description: 'The caller spoke over the rest, which was not heard.' }),
  })
  .openapi('TranscriptLine');

export const transcriptSchema = z
  .object({ id: z.string(), lines: z.array(lineSchema) })
  .openapi('Transcript');

const providerSchema = z
  .object({
    stage: z.enum(['stt', 'tts', 'llm', 'telephony']),
    provider: z.string(),
    state: z.enum(['closed', 'open', 'half-open']).openapi({
      description: 'Closed: used. Open: left alone. Half-open: one request tries it.',
    }),
    retry_after_ms: z.number().nullable().openapi({
      description: 'When it may be asked again; null where only a change of configuration helps.',
    }),
    cause: z.string().optional().openapi({ description: 'Code of the error that opened it.' }),
    in_flight: z.number(),
  })
  .openapi('ProviderHealth');

export const healthSchema = z
  .object({
    status: z.enum(['ok', 'closing', 'full']),
    calls: z.number(),
    max_calls: z.number(),
    providers: z.array(providerSchema).openapi({ description: 'Those that were asked so far.' }),
  })
  .openapi('Health');

export function toProvider(health: ProviderHealth): z.infer<typeof providerSchema> {
  const { stage, provider, state, retryAfterMs, cause, inFlight } = health;
  return {
    stage,
    provider,
    state,
    retry_after_ms: Number.isFinite(retryAfterMs) ? Math.round(retryAfterMs) : null,
    cause: cause?.code,
    in_flight: inFlight,
  };
}

export const errorSchema = z
  .object({ error: z.object({ code: z.string(), message: z.string() }) })
  .openapi('Error');

export function toCall(record: CallRecord): z.infer<typeof callSchema> {
  const end = record.events.findLast((event) => event.type === 'call-ended');
  return {
    id: record.callId,
    provider: record.provider,
    direction: record.direction,
    from_number: record.from,
    to_number: record.to,
    status: record.standing,
    started_at: record.startedAt,
    ended_at: record.endedAt,
    end_reason: end?.reason,
    duration_ms: end?.durationMs,
  };
}

/** What was said and what was heard, in order. */
export function toLines(events: CallResult['log']): readonly z.infer<typeof lineSchema>[] {
  return events.flatMap((event): z.infer<typeof lineSchema>[] => {
    if (event.type === 'transcript-final' && event.text !== '') {
      // In an assisted call the agent is a person with a track of their own.
      const speaker = event.track === 'agent' ? 'agent' : 'caller';
      return [{ speaker, track: event.track, text: event.text, at_ms: event.atMs }];
    }
    if (event.type === 'agent-heard' && event.text !== '') {
      return [
        {
          speaker: 'agent',
          text: event.text,
          at_ms: event.atMs,
          interrupted: event.outcome === 'interrupted',
        },
      ];
    }
    return [];
  });
}
