// Lines rendered before they are needed, so that a caller hears an apology when every voice is gone.
import { createConverter } from '../audio/convert.js';
import { bytesFor } from '../audio/format.js';
import { systemClock } from '../clock/system-clock.js';
import type { AudioFormat } from '../spec/audio.js';
import type { Clock } from '../spec/clock.js';
import { closestFormat } from '../resilience/chain.js';
import type { TtsAdapter } from '../spec/tts.js';
import { normaliseForSpeech } from './speech-text.js';
import { toVoiceRequest, type VoiceChoice } from './voice-choice.js';

export interface LineRequest {
  readonly text: string;
  readonly format: AudioFormat;
  readonly voice?: VoiceChoice | undefined;
  readonly language?: string | undefined;
}

/** Rendered lines by voice, language, format and text; shared by all calls of a process. */
export interface LineCache {
  get(line: LineRequest): Uint8Array | undefined;
  /** Renders a line with this voice, unless it is there. Throws what the voice throws. */
  render(
    tts: TtsAdapter,
    line: LineRequest,
    options: { readonly signal: AbortSignal; readonly clock?: Clock },
  ): Promise<void>;
}

const maxBytes = 32 * 1024 * 1024;
const maxLineMs = 60_000;

export function createLineCache(): LineCache {
  const lines = new Map<string, Uint8Array>();
  let total = 0;
  return {
    get: (line) => lines.get(keyOf(line)),
    async render(tts, line, options) {
      const key = keyOf(line);
      if (lines.has(key)) return;
      const audio = await renderLine(tts, line, options);
      if (audio.byteLength === 0 || lines.has(key)) return;
      lines.set(key, audio);
      total += audio.byteLength;
      for (const [oldest, bytes] of lines) {
        if (total <= maxBytes || oldest === key) break;
        lines.delete(oldest);
        total -= bytes.byteLength;
      }
    },
  };
}

function keyOf({ text, format, voice, language }: LineRequest): string {
  return JSON.stringify([voice, language, format.encoding, format.sampleRate, format.channels, text]);
}

async function renderLine(
  tts: TtsAdapter,
  line: LineRequest,
  { signal, clock = systemClock }: { readonly signal: AbortSignal; readonly clock?: Clock },
): Promise<Uint8Array> {
  const format = closestFormat(tts.capabilities.formats, line.format);
  const voice = toVoiceRequest(line.voice, tts);
  const session = tts.connect({ format, ...voice, language: line.language, clock, signal });
  session.ready.catch(() => undefined);
  try {
    const utterance = session.speak({ bufferedMs: () => 0, signal });
    utterance.write(normaliseForSpeech(line.text));
    utterance.end();
    const converter = createConverter(format, line.format);
    const pieces: Uint8Array[] = [];
    let room = bytesFor(maxLineMs, line.format);
    for await (const event of utterance) {
      if (event.type !== 'audio') continue;
      const piece = converter.push(event.audio).subarray(0, room);
      pieces.push(piece);
      room -= piece.byteLength;
      // A voice that never stops is cut off (fault T-13).
      if (room === 0) break;
    }
    pieces.push(converter.flush().subarray(0, room));
    return new Uint8Array(Buffer.concat(pieces));
  } finally {
    session.close();
  }
}
