// Fixed phrases rendered once per voice and format: said without asking any provider, also when every voice is gone.
import { createHash } from 'node:crypto';
import { createConverter } from '../audio/convert.js';
import { bytesFor } from '../audio/format.js';
import { systemClock } from '../clock/system-clock.js';
import type { AudioFormat } from '../spec/audio.js';
import type { Clock } from '../spec/clock.js';
import { closestFormat } from '../resilience/chain.js';
import type { ByteStorage } from '../spec/storage.js';
import type { TtsAdapter, TtsSession } from '../spec/tts.js';
import { normaliseForSpeech } from './speech-text.js';
import { toVoiceRequest, type VoiceChoice } from './voice-choice.js';

/** How phrases are said. */
export interface PhraseManner {
  readonly format: AudioFormat;
  readonly voice?: VoiceChoice | undefined;
  readonly language?: string | undefined;
}

export interface RenderOptions {
  readonly signal: AbortSignal;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** Phrases by provider, voice, language, format and text; shared by all calls of a process. */
export interface VoiceCache {
  /** From memory: nobody waits. */
  get(tts: TtsAdapter, manner: PhraseManner, text: string): Uint8Array | undefined;
  /**
   * Makes sure that these phrases are there: from memory, else from storage, else spoken by this voice on one connection,
   * in this order. Throws what the voice throws; what was rendered before stays.
   */
  render(
    tts: TtsAdapter,
    manner: PhraseManner,
    texts: readonly string[],
    options: RenderOptions,
  ): Promise<void>;
}

export interface VoiceCacheOptions {
  /** Where phrases outlive the process: `createDiskStorage` of `@voicewire/core/disk`. Default: nowhere. */
  readonly storage?: ByteStorage | undefined;
  /** Of all phrases in memory; what was not used for longest goes. Default 32 MiB, more than an hour of telephone speech. */
  readonly maxBytes?: number | undefined;
}

const defaultMaxBytes = 32 * 1024 * 1024;
const maxPhraseMs = 60_000;

export function createVoiceCache({
  storage,
  maxBytes = defaultMaxBytes,
}: VoiceCacheOptions = {}): VoiceCache {
  const phrases = new Map<string, Uint8Array>();
  /** Phrases on their way: whoever else wants one waits for it. */
  const coming = new Map<string, Promise<void>>();
  let total = 0;

  function keep(key: string, audio: Uint8Array): void {
    if (audio.byteLength === 0 || phrases.has(key)) return;
    phrases.set(key, audio);
    total += audio.byteLength;
    for (const [oldest, bytes] of phrases) {
      if (total <= maxBytes || oldest === key) return;
      phrases.delete(oldest);
      total -= bytes.byteLength;
    }
  }

  async function fetch(key: string, speak: () => Promise<Rendered>): Promise<void> {
    // A disk that fails costs a rendering, nothing else.
    const kept = await storage?.get(key).catch(() => undefined);
    if (kept !== undefined && kept.byteLength > 0) return keep(key, kept);
    const { audio, isPrimary } = await speak();
    keep(key, audio);
    // In another's voice it serves until the process ends, and is made again then.
    if (isPrimary && audio.byteLength > 0) await storage?.put(key, audio).catch(() => undefined);
  }

  return {
    get(tts, manner, text) {
      const key = keyOf(tts, manner, text);
      const audio = phrases.get(key);
      if (audio === undefined) return undefined;
      phrases.delete(key);
      phrases.set(key, audio);
      return audio;
    },
    async render(tts, manner, texts, options) {
      const speaker = createSpeaker(tts, manner, options);
      try {
        for (const text of texts) {
          const key = keyOf(tts, manner, text);
          if (phrases.has(key)) continue;
          const arriving = coming.get(key) ?? fetch(key, () => speaker.speak(text));
          coming.set(key, arriving);
          try {
            await arriving;
          } finally {
            coming.delete(key);
          }
        }
      } finally {
        speaker.close();
      }
    },
  };
}

function keyOf({ provider }: TtsAdapter, { format, voice, language }: PhraseManner, text: string): string {
  const { encoding, sampleRate, channels } = format;
  const parts = [provider, voice, language, encoding, sampleRate, channels, text];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

interface Rendered {
  readonly audio: Uint8Array;
  /** The chain's first voice said it. */
  readonly isPrimary: boolean;
}

interface Speaker {
  speak(text: string): Promise<Rendered>;
  close(): void;
}

/** Connects when the first phrase has to be spoken. */
function createSpeaker(tts: TtsAdapter, manner: PhraseManner, options: RenderOptions): Speaker {
  const { signal, clock = systemClock } = options;
  const format = closestFormat(tts.capabilities.formats, manner.format);
  let session: TtsSession | undefined;
  let { provider } = tts;

  function connect(): TtsSession {
    const connected = tts.connect({
      format,
      ...toVoiceRequest(manner.voice, tts),
      language: manner.language,
      clock,
      signal,
      onAttempt: (report) => {
        if (report.type === 'used') provider = report.provider;
      },
    });
    connected.ready.catch(() => undefined);
    void connected.closed.then(() => {
      if (session === connected) session = undefined;
    });
    return connected;
  }

  return {
    async speak(text) {
      session ??= connect();
      const utterance = session.speak({ bufferedMs: () => 0, signal });
      // As it would be spoken in a call.
      utterance.write(`${normaliseForSpeech(text)} `);
      utterance.end();
      const converter = createConverter(format, manner.format);
      const pieces: Uint8Array[] = [];
      let room = bytesFor(maxPhraseMs, manner.format);
      for await (const event of utterance) {
        if (event.type !== 'audio') continue;
        const piece = converter.push(event.audio).subarray(0, room);
        pieces.push(piece);
        room -= piece.byteLength;
        // A voice that never stops is cut off (fault T-13).
        if (room === 0) break;
      }
      pieces.push(converter.flush().subarray(0, room));
      return { audio: new Uint8Array(Buffer.concat(pieces)), isPrimary: provider === tts.provider };
    },
    close: () => session?.close(),
  };
}
