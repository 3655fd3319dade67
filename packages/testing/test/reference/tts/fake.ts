// How Acme's text-to-speech talks, as a fake server.
import type { AudioFormat } from '@voicewire/core/adapter';
import {
  startTtsFake,
  type FakeRequest,
  type TtsAsked,
  type TtsClientMessage,
  type TtsConversation,
  type TtsDialect,
  type TtsFake,
  type TtsFakeEvent,
  type TtsFakeOptions,
  type WireMessage,
} from '@voicewire/testing';

interface ClientFrame {
  readonly type: 'text' | 'flush' | 'end' | 'cancel' | 'keep-alive' | 'close';
  readonly id: string;
  readonly text?: string;
  readonly voice?: string;
  readonly language?: string;
}

function readAsked({ searchParams }: URL): TtsAsked {
  const encoding = searchParams.get('encoding') as AudioFormat['encoding'];
  const format: AudioFormat = { encoding, sampleRate: Number(searchParams.get('sample_rate')), channels: 1 };
  return {
    format,
    voice: searchParams.get('voice') ?? undefined,
    language: searchParams.get('language') ?? undefined,
  };
}

function read(message: WireMessage): readonly TtsClientMessage[] {
  if (typeof message !== 'string') return [{ type: 'unreadable', code: 1003, reason: 'text only' }];
  const { type, id: utterance, text, voice, language } = JSON.parse(message) as ClientFrame;
  if (type === 'keep-alive' || type === 'close') return [{ type }];
  if (type !== 'text') return [{ type, utterance }];
  const asked = {
    ...(voice === undefined ? {} : { voice }),
    ...(language === undefined ? {} : { language }),
  };
  return [
    { type: 'open', utterance, asked },
    { type: 'text', utterance, text: text ?? '' },
  ];
}

function write(event: TtsFakeEvent): readonly WireMessage[] {
  switch (event.type) {
    case 'ready':
    case 'cancelled':
    case 'flushed':
      return [];
    case 'goodbye':
      return [JSON.stringify({ type: 'goodbye' })];
    case 'audio': {
      const words = event.words.map(({ textStart, textEnd, startMs, endMs }) => ({
        textStart,
        textEnd,
        startMs,
        endMs,
      }));
      return [
        JSON.stringify({
          type: 'audio',
          id: event.utterance,
          audio: Buffer.from(event.audio).toString('base64'),
          words,
        }),
      ];
    }
    case 'final':
    case 'over-capacity':
      return [JSON.stringify({ type: event.type, id: event.utterance })];
  }
}

function open(request: FakeRequest): TtsConversation | { status: number } {
  return request.url.pathname === '/v1/speak'
    ? { asked: readAsked(request.url), read, write }
    : { status: 404 };
}

export const acmeTtsDialect: TtsDialect = {
  provider: 'acme',
  credential: ({ headers }) => headers.authorization?.replace('Bearer ', ''),
  concurrentUtterances: 3,
  open,
};

/** Starts a fake Acme on a free loopback port. */
export function startAcmeTtsFake(options: TtsFakeOptions = {}): Promise<TtsFake> {
  return startTtsFake(acmeTtsDialect, options);
}
