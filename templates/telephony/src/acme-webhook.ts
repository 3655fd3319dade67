// Webhooks: verified, then read as events, then answered with actions. https://docs.acme.example/webhooks
import {
  type CallInstruction,
  parseJson,
  type TelephonyEvent,
  type TelephonyWebhook,
  type WebhookContext,
} from '@voicewire/core/adapter';
import * as z from 'zod';
import type { AcmeAccount } from './acme-options.js';
import { verifySignature } from './acme-signature.js';

const owner = { provider: 'acme', stage: 'telephony' } as const;

const call = z.string().min(1);
const parties = { call, from: z.string(), to: z.string() };
const statuses = [
  'queued',
  'ringing',
  'in-progress',
  'completed',
  'busy',
  'no-answer',
  'failed',
  'canceled',
] as const;
const eventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('incoming'), ...parties, direction: z.enum(['inbound', 'outbound']) }),
  z.object({ event: z.literal('resumed'), ...parties }),
  z.object({ event: z.literal('digits'), call, digits: z.string() }),
  z.object({
    event: z.literal('status'),
    call,
    status: z.enum(statuses),
    sequence: z.number().nullish(),
    duration: z.number().nullish(),
  }),
]);
const namedSchema = z.object({ event: z.string() });

/** Throws a ProviderError of class `auth` for a forged request, before its body is parsed. */
export async function readWebhook(
  account: AcmeAccount,
  request: Request,
  { publicUrl }: WebhookContext,
): Promise<TelephonyWebhook> {
  const body = await request.text();
  const signature = request.headers.get('acme-signature');
  verifySignature({ key: account.signingKey, signature, url: publicUrl, body });
  return { events: [toEvent(parseJson(body, owner))], respond };
}

/** Acme's new events must not be failures: one that we do not know is named and passed on. */
export function toEvent(message: unknown): TelephonyEvent {
  const parsed = eventSchema.safeParse(message);
  if (!parsed.success)
    return { type: 'unknown', name: namedSchema.safeParse(message).data?.event ?? 'unreadable' };
  const { data } = parsed;
  switch (data.event) {
    case 'incoming':
      return {
        type: 'call-incoming',
        callId: data.call,
        direction: data.direction,
        from: data.from,
        to: data.to,
      };
    case 'resumed':
      return { type: 'call-resumed', callId: data.call, from: data.from, to: data.to };
    case 'digits':
      return { type: 'dtmf', callId: data.call, digits: data.digits };
    case 'status': {
      const { sequence, duration } = data;
      return {
        type: 'call-status',
        callId: data.call,
        status: data.status,
        sequence: sequence ?? undefined,
        durationMs: typeof duration === 'number' ? duration * 1000 : undefined,
      };
    }
  }
}

function respond(instructions: readonly CallInstruction[]): Response {
  return Response.json({ actions: instructions.map(toAction) });
}

export function toAction(instruction: CallInstruction): object {
  switch (instruction.type) {
    case 'stream': {
      const { url, token, parameters } = instruction;
      return { action: 'stream', url, token, parameters };
    }
    case 'redirect':
    case 'play':
      return { action: instruction.type, url: instruction.url };
    case 'say':
      return {
        action: 'say',
        text: instruction.text,
        language: instruction.language,
        voice: instruction.voice,
      };
    case 'gather': {
      const { url, digits, timeoutMs, prompt } = instruction;
      return { action: 'gather', url, digits, timeout: toSeconds(timeoutMs), prompt };
    }
    case 'dial':
      return {
        action: 'dial',
        to: instruction.to,
        from: instruction.from,
        timeout: toSeconds(instruction.timeoutMs),
      };
    case 'reject':
      return { action: 'reject', reason: instruction.reason };
    case 'hangup':
      return { action: 'hangup' };
  }
}

export function toSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.ceil(ms / 1000);
}
