// The one gate before every sink: what is masked reaches no log, recording, model or transcript.
import { silence } from '../audio/format.js';
import type { AudioFormat } from '../spec/audio.js';
import type { CallEventBody } from '../spec/call-event.js';

/** Closed while secrets are spoken or typed; card numbers in text are masked always. */
export interface MaskGate {
  readonly isMasked: boolean;
  /** Returns what opens it again. It opens when everybody who closed it has. */
  close(reason: string): () => void;
  event(body: CallEventBody): CallEventBody;
  audio(audio: Uint8Array, format: AudioFormat, durationMs: number): Uint8Array;
}

export function createMaskGate(onChange: (masked: boolean, reason: string) => void): MaskGate {
  const closings = new Set<symbol>();
  const gate = {
    isMasked: false,
    close(reason: string) {
      const closing = Symbol(reason);
      closings.add(closing);
      change(reason);
      return () => {
        closings.delete(closing);
        change(reason);
      };
    },
    event: (body: CallEventBody) => maskEvent(body, gate.isMasked),
    audio: (audio: Uint8Array, format: AudioFormat, durationMs: number) =>
      gate.isMasked ? silence(durationMs, format) : audio,
  };
  function change(reason: string): void {
    const isMasked = closings.size > 0;
    if (isMasked === gate.isMasked) return;
    gate.isMasked = isMasked;
    onChange(isMasked, reason);
  }
  return gate;
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

const digitGroups = /\d+(?:[ -]\d+)*/g;
const minCardDigits = 13;
const maxCardDigits = 19;

/**
 * Payment card numbers (13 to 19 digits that pass the Luhn check, ISO/IEC 7812-1) become as many dots, also between other
 * digits, as where the expiry date is said in the same breath.
 */
export function maskCards(text: string): string {
  if (text.length < minCardDigits) return text;
  return text.replace(digitGroups, (match) => (match.length < minCardDigits ? match : maskGroups(match)));
}

/** A number begins and ends where a group of digits does. */
function maskGroups(match: string): string {
  const groups = [...match.matchAll(/\d+/g)].map(([digits], index) => ({ digits, index }));
  const masked = new Set<number>();
  for (const { index: first } of groups) {
    let digits = '';
    for (const { digits: more, index: last } of groups.slice(first)) {
      digits += more;
      if (digits.length > maxCardDigits) break;
      if (digits.length < minCardDigits || !passesLuhn(digits)) continue;
      for (let index = first; index <= last; index += 1) masked.add(index);
    }
  }
  let index = -1;
  return match.replace(/\d+/g, (digits) => {
    index += 1;
    return masked.has(index) ? '•'.repeat(digits.length) : digits;
  });
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
