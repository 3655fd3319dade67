// How Acme's `/v1/listen` talks, as a fake server for tests.
import type { AudioFormat } from '@voicewire/core/adapter';
import {
  startSttFake,
  type FakeRequest,
  type Refusal,
  type SttAsked,
  type SttClientMessage,
  type SttConversation,
  type SttDialect,
  type SttFake,
  type SttFakeEvent,
  type SttFakeOptions,
  type WireMessage,
} from '@voicewire/testing';

/** Acme's side of the protocol; the engine in `@voicewire/testing` does the rest. */
export const acmeSttDialect: SttDialect = {
  provider: 'acme',
  credential: ({ headers }) => headers['authorization']?.replace('Bearer ', ''),
  open,
};

/** Starts a fake Acme on a free port of this machine. */
export function startAcmeSttFake(options: SttFakeOptions = {}): Promise<SttFake> {
  return startSttFake(acmeSttDialect, options);
}

function open(request: FakeRequest): SttConversation | Refusal {
  if (request.url.pathname !== '/v1/listen') return { status: 404 };
  return { asked: readAsked(request.url), read, write };
}

function readAsked({ searchParams }: URL): SttAsked {
  const encoding = searchParams.get('encoding');
  const format: AudioFormat = {
    encoding: encoding === 'mulaw' ? 'mulaw' : 'pcm_s16le',
    sampleRate: Number(searchParams.get('sample_rate')),
    channels: 1,
  };
  const language = searchParams.get('language') ?? undefined;
  return { format, language, keyterms: searchParams.getAll('term') };
}

function read(message: WireMessage): readonly SttClientMessage[] {
  if (typeof message !== 'string') return [{ type: 'audio', audio: message }];
  const { type } = JSON.parse(message) as { readonly type: string };
  switch (type) {
    case 'flush':
      return [{ type: 'flush' }];
    case 'finish':
      return [{ type: 'end' }];
    case 'keep_alive':
      return [{ type: 'keep-alive' }];
    default:
      return [{ type: 'unreadable', code: 1003, reason: 'unknown message' }];
  }
}

function write(event: SttFakeEvent): readonly WireMessage[] {
  switch (event.type) {
    case 'ready':
      return [JSON.stringify({ type: 'ready' })];
    case 'speech-start':
      return [JSON.stringify({ type: 'speech_started', at: event.atMs / 1000 })];
    case 'speech-end':
      return [JSON.stringify({ type: 'speech_ended', at: event.atMs / 1000 })];
    case 'partial':
      return [transcript(false, event.text, event.startMs, event.endMs, [])];
    case 'final': {
      const words = event.words.map(({ text, startMs, endMs, confidence }) => ({
        text,
        start: startMs / 1000,
        end: endMs / 1000,
        confidence,
      }));
      return [transcript(true, event.text, event.startMs, event.settledMs, words)];
    }
    case 'flushed':
      return [JSON.stringify({ type: 'flushed', at: event.settledMs / 1000 })];
    case 'goodbye':
      return [JSON.stringify({ type: 'done' })];
    case 'turn-end':
    case 'turn-resumed':
      return [];
  }
}

function transcript(
  isFinal: boolean,
  text: string,
  startMs: number,
  endMs: number,
  words: readonly object[],
): string {
  return JSON.stringify({
    type: 'transcript',
    is_final: isFinal,
    text,
    start: startMs / 1000,
    end: endMs / 1000,
    words,
  });
}
