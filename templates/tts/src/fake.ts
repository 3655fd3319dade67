// How Acme's `/v1/speech` talks, as a fake server for tests.
import type { AudioFormat } from '@voicewire/core/adapter';
import {
  startTtsFake,
  type FakeRequest,
  type Refusal,
  type TtsAnswer,
  type TtsDialect,
  type TtsFake,
  type TtsFakeEvent,
  type TtsFakeOptions,
  type WireMessage,
} from '@voicewire/testing';

/** Acme's side of the protocol; the engine in `@voicewire/testing` does the rest. */
export const acmeTtsDialect: TtsDialect = {
  provider: 'acme',
  credential: ({ headers }) => headers['authorization']?.replace('Bearer ', ''),
  unknownMessage: line({ type: 'weather' }),
  answer,
};

/** Starts a fake Acme on a free port of this machine. */
export function startAcmeTtsFake(options: TtsFakeOptions = {}): Promise<TtsFake> {
  return startTtsFake(acmeTtsDialect, options);
}

interface Body {
  readonly text: string;
  readonly voice?: string;
  readonly language?: string;
  readonly encoding: string;
  readonly sample_rate: number;
}

function answer(request: FakeRequest): TtsAnswer | Refusal {
  if (request.url.pathname !== '/v1/speech') return { status: 404 };
  const body = JSON.parse(Buffer.from(request.body).toString()) as Body;
  const format: AudioFormat = {
    encoding: body.encoding === 'mulaw' ? 'mulaw' : 'pcm_s16le',
    sampleRate: body.sample_rate,
    channels: 1,
  };
  const asked = { format, voice: body.voice, language: body.language };
  return { asked, text: body.text, contentType: 'application/x-ndjson', write };
}

function write(event: TtsFakeEvent): readonly WireMessage[] {
  switch (event.type) {
    case 'audio': {
      const words = event.words.map((word) => ({
        from: word.textStart,
        to: word.textEnd,
        start: word.startMs / 1000,
        end: word.endMs / 1000,
      }));
      return [line({ type: 'audio', audio: Buffer.from(event.audio).toString('base64'), words })];
    }
    case 'final':
      return [line({ type: 'done' })];
    case 'ready':
    case 'flushed':
    case 'cancelled':
    case 'over-capacity':
    case 'goodbye':
      return [];
  }
}

function line(message: object): string {
  return `${JSON.stringify(message)}\n`;
}
