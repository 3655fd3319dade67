// What the carrier is to do next, as TwiML.
import VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js';
import type { CallInstruction } from '@voicewire/core/adapter';
import type { TwilioDialect } from './dialect.js';
import { telephonyError } from './twilio-error.js';

/** The stream parameter that carries the token of the instruction. */
export const tokenParameter = 'token';

/**
 * Stands in the query of every URL that a running call is sent to. A dialled call asks for its first and for its later
 * instructions with the same parameters: only the URL can tell which it is.
 */
const resumeMark = 'voicewire=resumed';

/** Marks a URL as one that a call comes back to. */
export function toResumeUrl(url: string): string {
  const [base = '', ...fragment] = url.split(/(?=#)/);
  return [base, base.includes('?') ? '&' : '?', resumeMark, ...fragment].join('');
}

export function isResumeUrl(url: string): boolean {
  return new RegExp(`[?&]${resumeMark}(?=[&#]|$)`).test(url);
}

type Instruction<Type extends CallInstruction['type']> = Extract<CallInstruction, { type: Type }>;

export function writeTwiml(dialect: TwilioDialect, instructions: readonly CallInstruction[]): string {
  const response = new VoiceResponse();
  for (const instruction of instructions) addInstruction(dialect, response, instruction);
  return response.toString();
}

function addInstruction(
  dialect: TwilioDialect,
  response: VoiceResponse,
  instruction: CallInstruction,
): unknown {
  switch (instruction.type) {
    case 'stream':
      return addStream(dialect, response, instruction);
    case 'redirect':
      return response.redirect({ method: 'POST' }, toResumeUrl(instruction.url));
    case 'play':
      return response.play({}, instruction.url);
    case 'say':
      return response.say(toVoice(instruction), toXmlText(instruction.text));
    case 'gather':
      return addGather(response, instruction);
    case 'dial':
      return addDial(response, instruction);
    case 'reject':
      return response.reject({ reason: instruction.reason });
    case 'hangup':
      return response.hangup();
    default:
      return instruction satisfies never;
  }
}

/** https://www.twilio.com/docs/voice/twiml/stream */
function addStream(
  dialect: TwilioDialect,
  response: VoiceResponse,
  instruction: Instruction<'stream'>,
): unknown {
  const { url, token, parameters } = instruction;
  const entries = Object.entries({ ...parameters, [tokenParameter]: token });
  if (url.includes('?') || entries.some(([name, value]) => name.length + value.length >= 500)) {
    const message = `${dialect.provider} takes no query in the URL of a stream, and parameters of less than 500 characters, name and value together.`;
    throw telephonyError(dialect, 'invalid_request', message);
  }
  const stream = response.connect().stream({ ...dialect.streamAttributes, url });
  return entries.map(([name, value]) => stream.parameter({ name: toXmlText(name), value: toXmlText(value) }));
}

function toVoice({ language, voice }: Instruction<'say'>): Parameters<VoiceResponse['say']>[0] {
  // The SDK lists the languages and voices of its own day; the carrier knows which there are.
  return { language, voice } as Parameters<VoiceResponse['say']>[0];
}

function addGather(
  response: VoiceResponse,
  { url, digits, timeoutMs, prompt }: Instruction<'gather'>,
): unknown {
  const timing = timeoutMs === undefined ? {} : { timeout: toSeconds(timeoutMs) };
  const gather = response.gather({
    action: url,
    method: 'POST',
    input: ['dtmf'],
    numDigits: digits,
    ...timing,
  });
  return prompt === undefined ? gather : gather.say(toXmlText(prompt));
}

function addDial(response: VoiceResponse, { to, from, timeoutMs, returnUrl }: Instruction<'dial'>): unknown {
  const timing = timeoutMs === undefined ? {} : { timeout: toSeconds(timeoutMs) };
  const caller = from === undefined ? {} : { callerId: from };
  const back = returnUrl === undefined ? {} : { action: toResumeUrl(returnUrl), method: 'POST' };
  const dial = response.dial({ answerOnBridge: true, ...back, ...caller, ...timing });
  return to.startsWith('sip:') ? dial.sip(to) : dial.number(to);
}

export function toSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

/** XML can't carry control characters and lone surrogates, escaped or not; the SDK would throw. */
function toXmlText(text: string): string {
  return text.replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, ' ');
}
