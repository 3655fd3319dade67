// Acme's webhooks: verified, read, and answered with instructions in its own words.
import {
  ProviderError,
  type CallInstruction,
  type TelephonyEvent,
  type TelephonyWebhook,
  type WebhookContext,
} from '@voicewire/core/adapter';
import * as z from 'zod';
import { checkSignature, signatureHeader } from './acme-signature.js';

const hookSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('incoming'), call: z.string(), from: z.string(), to: z.string() }),
  z.object({ event: z.literal('ended'), call: z.string(), seconds: z.number().nonnegative() }),
]);

function toEvent(body: unknown): TelephonyEvent {
  const hook = hookSchema.parse(body);
  if (hook.event === 'ended')
    return { type: 'call-status', callId: hook.call, status: 'completed', durationMs: hook.seconds * 1000 };
  return { type: 'call-incoming', callId: hook.call, direction: 'inbound', from: hook.from, to: hook.to };
}

function respond(instructions: readonly CallInstruction[]): Response {
  return Response.json({ instructions });
}

export async function readWebhook(
  apiKey: string,
  request: Request,
  context: WebhookContext,
): Promise<TelephonyWebhook> {
  const body = Buffer.from(await request.arrayBuffer());
  checkSignature(apiKey, context.publicUrl, body, request.headers.get(signatureHeader) ?? undefined);
  try {
    return { events: [toEvent(JSON.parse(body.toString()))], respond };
  } catch {
    const message = 'A webhook could not be read.';
    throw new ProviderError({ class: 'protocol', provider: 'acme', stage: 'telephony', message });
  }
}
