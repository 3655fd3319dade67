// AssemblyAI's messages in, our events out. Messages as its documentation shows them, in words of nobody.
import type { AudioFormat, SttEvent } from '@voicewire/core/adapter';
import { describe, expect, it } from 'vitest';
import { assemblyAiOptionsSchema } from '../src/assemblyai-options.js';
import { classOf, listenUrl, restUrls } from '../src/assemblyai-request.js';
import { turnProtocol } from '../src/assemblyai-wire.js';
import type { AssemblyAiSttOptions } from '../src/index.js';

const format: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };

const protocolOf = (options: AssemblyAiSttOptions) =>
  turnProtocol(format, assemblyAiOptionsSchema.parse(options));
const bare = () => protocolOf({});
const formatting = () => protocolOf({ parameters: { format_turns: true } });

type Timed = readonly [text: string, start: number, end: number];

const hello: readonly Timed[] = [['hi', 1920, 2000]];
const helloMy: readonly Timed[] = [...hello, ['my', 2800, 2880]];
const name: readonly Timed[] = [['ana', 5000, 5200]];

/** A message of type Turn; the last word may still change unless the turn is over. */
function turn(turn_order: number, words: readonly Timed[], more: object = {}): object {
  const said = words.map(([text, start, end]) => ({
    text,
    start,
    end,
    confidence: 0.9,
    word_is_final: true,
  }));
  const over = 'end_of_turn' in more;
  const transcript = (over ? words : words.slice(0, -1)).map(([text]) => text).join(' ');
  const usual = { turn_is_formatted: false, end_of_turn: false, end_of_turn_confidence: 0.01, utterance: '' };
  return { type: 'Turn', turn_order, transcript, words: said, ...usual, ...more };
}

const over = { end_of_turn: true, end_of_turn_confidence: 0.7 };
const formatted = { ...over, turn_is_formatted: true };

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
    default:
      return `${event.type} ${event.atMs}`;
  }
};

type Protocol = ReturnType<typeof turnProtocol>;

const read = ({ decode }: Protocol, ...messages: readonly object[]): readonly string[] =>
  messages.flatMap((message) => decode(message) ?? []).map(brief);

/** Audio of `ms` is sent, then a flush. */
function flushAfter({ frames }: Protocol, ms: number): void {
  frames.audio(new Uint8Array(ms * 8));
  expect(frames.flush()).toBe('{"type":"ForceEndpoint"}');
}

describe('a turn', () => {
  it('begins with its first word, is told anew until it is over, and never again', () => {
    const protocol = bare();
    expect(
      read(
        protocol,
        { type: 'Begin', id: 'x', expires_at: 1_759_796_682 },
        turn(0, hello),
        turn(0, helloMy),
        turn(0, helloMy, over),
        turn(0, helloMy, formatted),
        turn(1, name),
      ),
    ).toEqual([
      'ready',
      'speech-start 1920',
      'partial 1920-2000 hi',
      'partial 1920-2880 hi my',
      'final 1920-2880|2880 hi my',
      'speech-end 2880',
      'turn-end 2880',
      'speech-start 5000',
      'partial 5000-5200 ana',
    ]);
  });

  it('is final when it is formatted, where that was asked for', () => {
    const asked = turn(0, [['Hi.', 1920, 2000]], formatted);
    expect(read(formatting(), turn(0, hello, over), asked, asked)).toEqual([
      'speech-start 1920',
      'partial 1920-2000 hi',
      'final 1920-2000|2000 Hi.',
      'speech-end 2000',
      'turn-end 2000',
    ]);
  });

  it('is over when another follows it, formatted or not', () => {
    expect(read(formatting(), turn(0, hello, over), turn(1, name))).toEqual([
      'speech-start 1920',
      'partial 1920-2000 hi',
      'final 1920-2000|2000 hi',
      'speech-end 2000',
      'turn-end 2000',
      'speech-start 5000',
      'partial 5000-5200 ana',
    ]);
  });

  it('is over with the session, whose last message is Termination', () => {
    const protocol = bare();
    expect(protocol.drain()).toEqual([]);
    read(protocol, turn(0, hello));
    expect(protocol.drain().map(brief)).toEqual([
      'final 1920-2000|2000 hi',
      'speech-end 2000',
      'turn-end 2000',
    ]);
    expect(protocol.isEnd({ type: 'Termination', audio_duration_seconds: 3 })).toBe(true);
    expect(protocol.isEnd(turn(0, hello, over))).toBe(false);
  });

  it('tells words, the language, and who spoke', () => {
    const words = [
      { text: 'Hallo.', start: 0, end: 300, confidence: 0.8, word_is_final: true, speaker: 'B' },
    ];
    const message = turn(0, [], {
      ...formatted,
      words,
      transcript: 'Hallo.',
      language_code: 'de',
      speaker_label: 'B',
    });
    const [, final, ends, turnEnd] = bare().decode(message) ?? [];
    expect(final).toEqual({
      type: 'final',
      text: 'Hallo.',
      startMs: 0,
      endMs: 300,
      settledMs: 300,
      words: [{ text: 'Hallo.', startMs: 0, endMs: 300, confidence: 0.8, speaker: 'speaker-B' }],
      language: 'de',
      speaker: 'speaker-B',
    });
    expect(ends).toEqual({ type: 'speech-end', atMs: 300 });
    expect(turnEnd).toEqual({ type: 'turn-end', atMs: 300, eager: false, confidence: 0.7 });
  });

  it('is of nobody where it was too short to tell', () => {
    const message = turn(0, hello, { ...over, speaker_label: 'UNKNOWN' });
    expect(bare().decode(message)?.[1]).toMatchObject({
      type: 'final',
      speaker: undefined,
    });
  });

  it('begins with SpeechStarted, where the model tells it', () => {
    const started = { type: 'SpeechStarted', timestamp: 1900, confidence: 0.9 };
    expect(read(bare(), started, turn(0, hello), started)).toEqual([
      'speech-start 1900',
      'partial 1920-2000 hi',
    ]);
  });
});

describe('the end of a turn', () => {
  it.each([
    ['Universal-Streaming', {}, 2400],
    ['a newer model', { model: 'u3-rt-pro' }, 2100],
    ['one that was told to be patient', { parameters: { min_turn_silence: 600 } }, 2600],
  ])('settles the silence that %s waits for', (_what, options, settledMs) => {
    const protocol = protocolOf(options);
    protocol.frames.audio(new Uint8Array(3000 * 8));
    expect(read(protocol, turn(0, hello, over))).toContain(`final 1920-2000|${settledMs} hi`);
  });

  it('settles no more than was sent', () => {
    const protocol = bare();
    protocol.frames.audio(new Uint8Array(2200 * 8));
    expect(read(protocol, turn(0, hello, over))).toContain('final 1920-2000|2200 hi');
  });
});

describe('a flush', () => {
  it('is answered by the turn it ends, and settles all that was sent before it', () => {
    const protocol = bare();
    read(protocol, turn(0, hello));
    flushAfter(protocol, 2500);
    protocol.frames.audio(new Uint8Array(3500 * 8));
    expect(read(protocol, turn(0, hello, over), turn(1, name, over))).toEqual([
      'final 1920-2000|2500 hi',
      'flushed 2500',
      'speech-end 2000',
      'turn-end 2000',
      'speech-start 5000',
      'final 5000-5200|5600 ana',
      'speech-end 5200',
      'turn-end 5200',
    ]);
  });

  it('in silence is not answered by the turn that comes later', () => {
    const protocol = bare();
    flushAfter(protocol, 1000);
    expect(read(protocol, turn(0, hello, over))).toEqual([
      'speech-start 1920',
      'final 1920-2000|2000 hi',
      'speech-end 2000',
      'turn-end 2000',
    ]);
    flushAfter(protocol, 1500);
    flushAfter(protocol, 500);
    expect(read(protocol, turn(1, [], over), turn(2, [], over))).toEqual([
      'final 2500-2500|2500 ',
      'flushed 2500',
      'final 3000-3000|3000 ',
      'flushed 3000',
    ]);
  });
});

describe('a message', () => {
  it.each([
    [turn(0, [], { words: 'none' })],
    [{ type: 'Turn' }],
    [{ type: 'SpeechStarted' }],
    [{}],
    [[]],
    [null],
  ])('that can not be read is refused: %j', (message) => {
    expect(() => bare().decode(message)).toThrow();
  });

  it.each(['Warning', 'Heartbeat', 'Silence', 'SpeakerRevision'])('of type %s says nothing', (type) => {
    expect(bare().decode({ type, start_ms: 'soon' })).toEqual([]);
  });

  it('of a new type is not known', () => {
    expect(bare().decode({ type: 'NotYetInvented' })).toBeUndefined();
  });

  it('of an error ends the session with its class and without its prose', () => {
    const message = { type: 'Error', error_code: 3009, error: 'Too many sessions of Ana' };
    const decode = () => bare().decode(message);
    expect(decode).toThrow(expect.objectContaining({ class: 'rate_limit', status: 3009 }));
    expect(decode).toThrow('assemblyai ended the session (code 3009).');
  });
});

describe('a code', () => {
  it.each([
    [1008, 'Unauthorized Connection: Missing Authorization header', 'auth'],
    [1008, 'Unauthorized Connection: Insufficient account balance', 'quota'],
    [1008, 'Unauthorized Connection: Too many concurrent sessions', 'rate_limit'],
    [1011, '', undefined],
    [3005, 'Session Cancelled: An error occurred', undefined],
    [3006, 'Invalid JSON', 'invalid_request'],
    [3007, 'Audio Transmission Rate Exceeded', 'invalid_request'],
    [3008, 'Session Expired', undefined],
    [3009, 'Too many concurrent sessions', 'rate_limit'],
    [4001, 'Not Authorized', 'auth'],
    [4002, 'Insufficient Funds', 'quota'],
    [4031, 'Session idle for too long', 'idle'],
    [4102, 'Too many streams', 'rate_limit'],
  ])('%i with "%s" is %s', (code, prose, expected) => {
    expect(classOf(code, prose)).toBe(expected);
  });
});

describe('a request', () => {
  const audio = 'encoding=pcm_mulaw&sample_rate=8000';

  it.each([
    [{}, {}, `/v3/ws?speech_model=universal-streaming-english&${audio}`],
    [{}, { language: 'en-GB' }, `/v3/ws?speech_model=universal-streaming-english&${audio}`],
    [
      { parameters: { format_turns: true, max_turn_silence: 700 } },
      { language: 'de-AT', keyterms: ['Acme', 'a&b'], diarize: true },
      '/v3/ws?language_detection=true&keyterms_prompt=["Acme","a&b"]&speaker_labels=true&format_turns=true' +
        `&max_turn_silence=700&speech_model=universal-streaming-multilingual&${audio}`,
    ],
    [
      { model: 'universal-3-5-pro', language: 'de', baseUrl: 'wss://stt.example/assemblyai/' },
      {
        language: 'fr-CA',
        keyterms: [],
        format: { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 } as const,
      },
      '/assemblyai/v3/ws?language_detection=true&language_codes=["fr"]&continuous_partials=true&speech_model=universal-3-5-pro' +
        '&encoding=pcm_s16le&sample_rate=16000',
    ],
    [
      { model: 'whisper-rt', language: 'sw' },
      {},
      `/v3/ws?language_detection=true&speech_model=whisper-rt&${audio}`,
    ],
    [
      {
        model: 'u3-rt-pro',
        language: 'de',
        parameters: { continuous_partials: false, language_detection: false, redact_pii_policies: ['date'] },
      },
      {},
      `/v3/ws?language_detection=false&continuous_partials=false&redact_pii_policies=["date"]&speech_model=u3-rt-pro&${audio}`,
    ],
  ])('of %j for %j', (options: AssemblyAiSttOptions, asked, expected) => {
    const url = listenUrl(assemblyAiOptionsSchema.parse(options), { format, ...asked });
    expect(url.pathname + decodeURIComponent(url.search)).toBe(expected);
  });
});

describe('the addresses of REST', () => {
  it.each([
    [{}, 'https://streaming.assemblyai.com', 'https://api.assemblyai.com'],
    [
      { baseUrl: 'wss://streaming.eu.assemblyai.com/' },
      'https://streaming.eu.assemblyai.com',
      'https://api.eu.assemblyai.com',
    ],
    [{ baseUrl: 'ws://127.0.0.1:9/proxy' }, 'http://127.0.0.1:9/proxy', 'http://127.0.0.1:9/proxy'],
    [{ recordingsUrl: 'http://127.0.0.1:9/' }, 'https://streaming.assemblyai.com', 'http://127.0.0.1:9'],
  ])('with %j stay where live speech goes', (options: AssemblyAiSttOptions, tokens, recordings) => {
    expect(restUrls(assemblyAiOptionsSchema.parse(options))).toEqual({ tokens, recordings });
  });
});
