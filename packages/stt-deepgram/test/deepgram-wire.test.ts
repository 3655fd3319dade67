// Deepgram's messages in, our events out; our requests in, its parameters out. Messages follow its published contract.
import { readFileSync } from 'node:fs';
import type { SttEvent } from '@voicewire/core/adapter';
import { describe, expect, it } from 'vitest';
import { fluxProtocol } from '../src/deepgram-flux-wire.js';
import { deepgramOptionsSchema, type DeepgramSttOptions } from '../src/deepgram-options.js';
import { listenUrl, readVerdict } from '../src/deepgram-request.js';
import { novaProtocol } from '../src/deepgram-wire.js';

function fixture(name: string): readonly unknown[] {
  const text = readFileSync(new URL(`./__fixtures__/${name}`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

const brief = (event: SttEvent): string => {
  switch (event.type) {
    case 'ready':
      return 'ready';
    case 'partial':
      return `partial ${event.startMs}-${event.endMs} ${event.text}`;
    case 'final':
      return `final ${event.startMs}-${event.endMs}|${event.settledMs} ${event.text}`;
    case 'flushed':
      return `flushed ${event.settledMs}`;
    case 'turn-end':
      return `turn-end ${event.atMs}${event.eager ? ' eager' : ''}`;
    default:
      return `${event.type} ${event.atMs}`;
  }
};

type Decode = (message: unknown) => readonly SttEvent[] | undefined;

const eventsOf = (decode: Decode, name: string): readonly SttEvent[] =>
  fixture(name).flatMap((message) => decode(message) ?? []);

const decodeAll = (decode: Decode, name: string): readonly string[] => eventsOf(decode, name).map(brief);

describe('/v1/listen', () => {
  it('tells finals, what they settle, and each utterance once, whoever ends it', () => {
    expect(decodeAll(novaProtocol().decode, 'listen-v1.jsonl')).toEqual([
      'speech-start 180',
      'partial 0-1000 where is',
      // The first of two finals of one utterance; both stand.
      'final 200-980|2000 Where is',
      'final 2050-2600|3010 my order?',
      'speech-end 2600',
      // UtteranceEnd after speech_final says nothing new. A final without text still settles.
      'final 3010-4000|4000 ',
      // Speech without SpeechStarted, ended by UtteranceEnd because noise hid the pause.
      'speech-start 4300',
      'final 4300-4900|5000 Hello',
      'speech-end 4900',
      'final 5000-5400|5400 ',
      'flushed 5400',
    ]);
  });

  it('carries words with what was said, when, how surely and by whom', () => {
    const [final] = eventsOf(novaProtocol().decode, 'listen-v1.jsonl').filter(
      (event) => event.type === 'final',
    );
    expect(final).toEqual({
      type: 'final',
      text: 'Where is',
      startMs: 200,
      endMs: 980,
      settledMs: 2000,
      confidence: 0.99,
      language: 'en',
      speaker: 'speaker-0',
      words: [
        { text: 'Where', startMs: 200, endMs: 520, confidence: 0.99, speaker: 'speaker-0' },
        { text: 'is', startMs: 560, endMs: 980, confidence: 0.98, speaker: 'speaker-0' },
      ],
    });
  });

  it('names no speaker for a final of two', () => {
    const word = { word: 'a', start: 0, end: 1 };
    const words = [
      { ...word, speaker: 0 },
      { ...word, speaker: 1 },
    ];
    const channel = { alternatives: [{ transcript: 'a a', words }] };
    const message = { type: 'Results', start: 0, duration: 2, is_final: true, channel };
    const [, final] = novaProtocol().decode(message) ?? [];
    expect(final).toMatchObject({ type: 'final', speaker: undefined });
  });

  it('takes Metadata, and nothing else, for the end', () => {
    const ends = fixture('listen-v1.jsonl').map(novaProtocol().isEnd);
    expect(ends.indexOf(true)).toBe(ends.length - 1);
  });

  it.each([[{ type: 'Results', start: 0 }], [{ type: 'SpeechStarted' }], [{}], [[]], ['text'], [null]])(
    'refuses what it cannot read: %j',
    (message) => {
      expect(() => novaProtocol().decode(message)).toThrow();
    },
  );

  it('ignores types it does not know', () => {
    expect(novaProtocol().decode({ type: 'NotYetInvented', start: 'soon' })).toBeUndefined();
  });
});

describe('/v2/listen', () => {
  it('does not know types that are not yet invented', () => {
    expect(fluxProtocol().decode({ type: 'NotYetInvented' })).toBeUndefined();
  });

  it('tells turns; a transcript replaces the one before', () => {
    const { decode, drain } = fluxProtocol();
    expect(decodeAll(decode, 'listen-v2.jsonl')).toEqual([
      'ready',
      'speech-start 900',
      'partial 0-900 ',
      'partial 0-1300 I need',
      'partial 0-1900 I need to',
      'turn-end 1900 eager',
      'turn-resumed 2200',
      'partial 0-2200 I need to',
      'final 0-3000|3000 I need to pay my bill.',
      'speech-end 3000',
      'turn-end 3000',
      'speech-start 3600',
      'partial 3000-3600 ',
      'partial 3000-4100 by card',
    ]);
    expect(drain().map(brief)).toEqual(['final 3000-4100|4100 by card']);
  });

  it('has nothing to add when no turn is open', () => {
    const { decode, drain } = fluxProtocol();
    fixture('listen-v2.jsonl').slice(0, 7).forEach(decode);
    expect(drain()).toEqual([]);
  });

  it('fails with the code of an error, without its prose', () => {
    const message = { type: 'Error', code: 'INTERNAL_SERVER_ERROR', description: 'while hearing "my bill"' };
    expect(() => fluxProtocol().decode(message)).toThrow('deepgram gave up: INTERNAL_SERVER_ERROR.');
  });
});

describe('a request', () => {
  const parametersOf = (options: DeepgramSttOptions, asked = {}): string => {
    const format = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
    const url = listenUrl(deepgramOptionsSchema.parse(options), { format, ...asked });
    return `${url.pathname}${url.search}`;
  };

  it.each([
    [
      {},
      {},
      '/v1/listen?endpointing=300&utterance_end_ms=1000&model=nova-3&punctuate=true&interim_results=true&vad_events=true&encoding=mulaw&sample_rate=8000',
    ],
    [
      { language: 'de', parameters: { endpointing: 100, redact: ['pci', 'ssn'], interim_results: false } },
      { language: 'fr', keyterms: ['Acme', 'order number'], diarize: true },
      '/v1/listen?endpointing=100&utterance_end_ms=1000&model=nova-3&punctuate=true&language=fr&keyterm=Acme&keyterm=order+number&diarize_model=latest&redact=pci&redact=ssn&interim_results=true&vad_events=true&encoding=mulaw&sample_rate=8000',
    ],
    [
      { model: 'nova-2-phonecall', language: 'de' },
      { keyterms: ['Acme'] },
      '/v1/listen?endpointing=300&utterance_end_ms=1000&model=nova-2-phonecall&punctuate=true&language=de&keywords=Acme&interim_results=true&vad_events=true&encoding=mulaw&sample_rate=8000',
    ],
    [
      { model: 'flux-general-en', language: 'en', parameters: { eager_eot_threshold: 0.5 } },
      { keyterms: ['Acme'] },
      '/v2/listen?model=flux-general-en&keyterm=Acme&eager_eot_threshold=0.5&encoding=mulaw&sample_rate=8000',
    ],
    [
      { model: 'flux-general-multi', baseUrl: 'wss://stt.example/deepgram/' },
      { language: 'es' },
      '/deepgram/v2/listen?model=flux-general-multi&language_hint=es&encoding=mulaw&sample_rate=8000',
    ],
  ])('of %j for %j', (options, asked, expected) => {
    expect(parametersOf(options, asked)).toBe(expected);
  });
});

describe('a refusal', () => {
  it.each([
    [
      { kind: 'refused', status: 401, body: '{"err_code":"INVALID_AUTH","err_msg":"secret"}' },
      { detail: 'INVALID_AUTH' },
    ],
    [{ kind: 'refused', status: 502, body: '<html>' }, { detail: undefined }],
    [
      { kind: 'closed', code: 1011, reason: 'NET-0001' },
      { class: 'idle', detail: 'NET-0001' },
    ],
    [
      { kind: 'closed', code: 1011, reason: 'See https://dpgr.am/net0001' },
      { class: 'idle', detail: 'net0001' },
    ],
    [
      { kind: 'closed', code: 1008, reason: 'DATA-0000' },
      { class: 'invalid_request', detail: 'DATA-0000' },
    ],
    [
      { kind: 'closed', code: 1011, reason: 'NET-0000' },
      { class: undefined, detail: 'NET-0000' },
    ],
    [
      { kind: 'closed', code: 1000, reason: '' },
      { class: undefined, detail: undefined },
    ],
  ] as const)('%j reads as %j', (verdict, expected) => {
    expect(readVerdict(verdict)).toEqual(expected);
  });
});
