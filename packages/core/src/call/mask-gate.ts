// The one gate before every sink: what is masked reaches no log, recording, model or transcript.
import { silence } from '../audio/format.js';
import type { AudioFormat } from '../spec/audio.js';
import type { CallEventBody } from '../spec/call-event.js';

/** Closed while secrets are spoken or typed; card numbers in text are masked always. */
export interface MaskGate {
  readonly isMasked: boolean;
  /** Reasons nest: the gate opens when the last one is gone. */
  close(reason: string): void;
  open(reason: string): void;
  event(body: CallEventBody): CallEventBody;
  audio(audio: Uint8Array, format: AudioFormat, durationMs: number): Uint8Array;
}

export function createMaskGate(onChange: (masked: boolean, reason: string) => void): MaskGate {
  const reasons = new Set<string>();
  return {
    get isMasked() {
      return reasons.size > 0;
    },
    close(reason) {
      const wasMasked = reasons.size > 0;
      reasons.add(reason);
      if (!wasMasked) onChange(true, reason);
    },
    open(reason) {
      if (reasons.delete(reason) && reasons.size === 0) onChange(false, reason);
    },
    event: (body) => maskEvent(body, reasons.size > 0),
    audio: (audio, format, durationMs) => (reasons.size > 0 ? silence(durationMs, format) : audio),
  };
}

function maskEvent(body: CallEventBody, isMasked: boolean): CallEventBody {
  switch (body.type) {
    case 'dtmf':
      return isMasked ? { ...body, digit: '•', masked: true } : body;
    case 'transcript-partial':
      return isMasked ? { ...body, text: '' } : { ...body, text: maskCards(body.text) };
    case 'transcript-final': {
      const text = isMasked ? '' : maskCards(body.text);
      return text === body.text ? body : { ...body, text, words: [] };
    }
    case 'slot-filled':
      return body.masked ? { ...body, value: '•' } : body;
    case 'user-turn':
    case 'agent-text':
    case 'agent-heard':
      return { ...body, text: maskCards(body.text) };
    case 'tool-started':
      return { ...body, argumentsText: maskCards(body.argumentsText) };
    case 'tool-finished':
      return { ...body, result: maskCards(body.result) };
    default:
      return body;
  }
}

const cardLike = /\d(?:[ -]?\d){12,18}/g;

/** Payment card numbers (13 to 19 digits that pass the Luhn check, ISO/IEC 7812-1) become as many dots. */
export function maskCards(text: string): string {
  if (text.length < 13) return text;
  return text.replace(cardLike, (match) =>
    passesLuhn(match.replace(/\D/g, '')) ? match.replace(/\d/g, '•') : match,
  );
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
