// Commands to Acme. https://docs.acme.example/rest
import {
  type CallControl,
  type DialRequest,
  type HttpResponse,
  isVoiceError,
  ProviderError,
  sendHttpRequest,
} from '@voicewire/core/adapter';
import * as z from 'zod';
import type { AcmeAccount } from './acme-options.js';
import { toSeconds } from './acme-webhook.js';

const owner = { provider: 'acme', stage: 'telephony' } as const;

const dialledSchema = z.object({ call: z.string().min(1) });

export function createCallControl(account: AcmeAccount): CallControl {
  return {
    dial: (request) => dial(account, request),
    hangup: async (callId, signal) => {
      try {
        await post(account, `${callPath(callId)}/hangup`, {}, signal);
      } catch (error) {
        // There is no such call any more: that is what was wanted.
        if (!isVoiceError(error) || error.status !== 404) throw error;
      }
    },
    transfer: async (callId, to, { from, signal }) => {
      await post(account, `${callPath(callId)}/transfer`, { to, from }, signal);
    },
    redirect: async (callId, url, signal) => {
      await post(account, `${callPath(callId)}/redirect`, { url }, signal);
    },
  };
}

async function dial(account: AcmeAccount, request: DialRequest): Promise<{ readonly callId: string }> {
  const { to, from, answerUrl, statusUrl, ringTimeoutMs, signal } = request;
  const order = {
    to,
    from,
    answer_url: answerUrl,
    status_url: statusUrl,
    ring_timeout: toSeconds(ringTimeoutMs),
  };
  try {
    const response = await post(account, '/v1/calls', order, signal);
    return { callId: dialledSchema.parse(response.json()).call };
  } catch (error) {
    throw isRefusal(error) ? error : unclear(error);
  }
}

/** Acme said no: nobody is being called. */
function isRefusal(error: unknown): boolean {
  if (!isVoiceError(error)) return false;
  const { status = 0 } = error;
  return status >= 400 && status < 500 && status !== 408;
}

/** Dialling again might ring twice. */
function unclear(cause: unknown): ProviderError {
  return new ProviderError({
    ...owner,
    class: isVoiceError(cause) ? cause.class : 'protocol',
    code: 'telephony.dial_unclear',
    retryable: false,
    message:
      'acme was asked to dial and gave no clear answer. Wait for a status callback or look the call up: dialling again may ring twice.',
  });
}

function callPath(callId: string): string {
  return `/v1/calls/${encodeURIComponent(callId)}`;
}

function post(account: AcmeAccount, path: string, body: object, signal: AbortSignal): Promise<HttpResponse> {
  return sendHttpRequest({
    ...owner,
    url: new URL(path, account.baseUrl).href,
    headers: { authorization: `Bearer ${account.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
}
