// How Acme's speech-to-text talks, as a fake server.
import type { AudioFormat } from '@voicewire/core/adapter';
import {
  startSttFake,
  type FakeRequest,
  type SttAsked,
  type SttClientMessage,
  type SttConversation,
  type SttDialect,
  type SttFake,
  type SttFakeOptions,
  type WireMessage,
} from '@voicewire/testing';

function readAsked({ searchParams }: URL): SttAsked {
  const language = searchParams.get('language') ?? undefined;
  const encoding = searchParams.get('encoding') as AudioFormat['encoding'];
  const format: AudioFormat = { encoding, sampleRate: Number(searchParams.get('sample_rate')), channels: 1 };
  return {
    format,
    language,
    keyterms: searchParams.getAll('keyterm'),
    diarize: searchParams.get('diarize') === 'true',
  };
}

const controls: ReadonlySet<string> = new Set(['flush', 'end', 'keep-alive']);

function read(message: WireMessage): readonly SttClientMessage[] {
  if (typeof message !== 'string') return [{ type: 'audio', audio: message }];
  const { type } = JSON.parse(message) as { type: 'flush' | 'end' | 'keep-alive' };
  return controls.has(type) ? [{ type }] : [{ type: 'unreadable', code: 1003, reason: 'unknown message' }];
}

function open(request: FakeRequest): SttConversation | { status: number } {
  if (request.url.pathname !== '/v1/listen') return { status: 404 };
  // Acme's messages are our events under our names.
  return { asked: readAsked(request.url), read, write: (event) => [JSON.stringify(event)] };
}

export const acmeSttDialect: SttDialect = {
  provider: 'acme',
  eagerTurns: true,
  credential: ({ headers }) => headers.authorization?.replace('Bearer ', ''),
  open,
};

/** Starts a fake Acme on a free loopback port. */
export function startAcmeSttFake(options: SttFakeOptions = {}): Promise<SttFake> {
  return startSttFake(acmeSttDialect, options);
}
