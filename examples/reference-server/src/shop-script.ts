// The demo's mind: not a language model but a script, which calls the shop's real tools. Deterministic: the same words, the
// same answer.
import type { LlmMessage, LlmRequest } from '@voicewire/core';
import { callTool, type ScriptedLlmStep } from '@voicewire/testing';
import { dayIn, digitsIn, nameIn, timeIn } from './spoken.js';

const asks = {
  order: 'What is your order number?',
  day: 'On which day would you like to come?',
  time: 'And at what time?',
  name: 'And what is your name?',
} as const;

/** What the script would say or do next in this conversation. */
export function answerAsShop({ messages, tools }: LlmRequest): ScriptedLlmStep {
  const last = messages.at(-1);
  if (last?.role === 'tool') return sayResult(last.name, last.content);
  const text = last?.role === 'user' ? last.content : '';
  const canTransfer = tools?.some(({ name }) => name === 'transfer_call') === true;
  const asked = lastQuestion(messages);
  if (/\b(person|human|someone|somebody|agent|colleague|representative)\b/i.test(text))
    return person(canTransfer);
  if (/\b(goodbye|bye|that is all|that's all|nothing else|no,? thank)/i.test(text)) return goodbye();
  if (/\border|parcel|package|delivery\b/i.test(text) || asked === asks.order) return order(text);
  if (/\b(open|opening|close|hours)\b/i.test(text)) return hours(text);
  if (/\b(appointment|book|booking|reserve|meet)\b/i.test(text) || asked !== undefined)
    return booking(messages);
  if (/\b(yes|please|thank)/i.test(text)) return 'You are welcome. Is there anything else?';
  return 'I can look up an order, tell you our opening hours, or book an appointment. What would you like?';
}

function lastQuestion(messages: readonly LlmMessage[]): string | undefined {
  const said =
    messages.findLast((message) => message.role === 'assistant' && message.content !== '')?.content ?? '';
  return Object.values(asks).find((question) => said.endsWith(question));
}

function person(canTransfer: boolean): ScriptedLlmStep {
  if (!canTransfer)
    return 'Of course. Nobody can take the phone right now, so a colleague will call you back within the hour.';
  return {
    parts: [
      { type: 'text', text: 'Of course. I am connecting you with a bookseller. ' },
      {
        type: 'tool-calls',
        calls: [{ id: 'transfer', name: 'transfer_call', argumentsText: '{"destination":"person"}' }],
      },
    ],
  };
}

function goodbye(): ScriptedLlmStep {
  return {
    parts: [
      { type: 'text', text: 'Thank you for calling Harbour Street Books. Goodbye.' },
      { type: 'tool-calls', calls: [{ id: 'end', name: 'end_call', argumentsText: '{}' }] },
    ],
  };
}

function order(text: string): ScriptedLlmStep {
  const digits = digitsIn(text);
  return digits.length < 3 ? `Gladly. ${asks.order}` : callTool('order_status', { order_number: digits });
}

function hours(text: string): ScriptedLlmStep {
  const day = dayIn(text);
  return day === undefined
    ? 'We are open every day but Sunday. For which day shall I look?'
    : callTool('opening_hours', { day });
}

/** What the caller has said since they began to book, whatever the order. */
function booking(messages: readonly LlmMessage[]): ScriptedLlmStep {
  const start = messages.findLastIndex(
    (message) => message.role === 'user' && /\b(appointment|book|reserve|meet)/i.test(message.content),
  );
  const said = messages.slice(Math.max(0, start));
  const texts = said.filter(({ role }) => role === 'user').map(({ content }) => content);
  const find = <Value>(read: (text: string) => Value | undefined): Value | undefined =>
    texts.map(read).findLast((value) => value !== undefined);
  const day = find(dayIn);
  const time = find(timeIn);
  const name = find((text) => nameIn(text, lastQuestion(messages) === asks.name && text === texts.at(-1)));
  if (day === undefined) return asks.day;
  if (time === undefined) return asks.time;
  if (name === undefined) return asks.name;
  return callTool('book_appointment', { day, time, name });
}

function sayResult(tool: string, content: string): ScriptedLlmStep {
  const result = readResult(content);
  const text = (key: string): string => String(result[key]);
  switch (tool) {
    case 'order_status':
      return result['found'] === true
        ? `Your order, ${text('item')}, is ${text('status')}. It should be with you ${text('expected')}. Is there anything else?`
        : `I can not find an order with the number ${text('order_number').replace(/(?=.)/g, ' ').trim()}. ${asks.order}`;
    case 'opening_hours':
      return result['hours'] === 'closed'
        ? `On ${capital(text('day'))} we are closed. Is there anything else?`
        : `On ${capital(text('day'))} we are open from ${text('hours').split('-').map(spokenTime).join(' to ')}. Is there anything else?`;
    case 'book_appointment':
      if (result['booked'] === true) {
        return `Done, ${text('name')}. I have booked you for ${capital(text('day'))} at ${spokenTime(text('time'))}. Is there anything else?`;
      }
      return result['reason'] === 'taken'
        ? `That time is taken. ${asks.time}`
        : `We are closed then. ${asks.time}`;
    default:
      return 'I am sorry, that did not work. Is there anything else?';
  }
}

function readResult(content: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(content) as Record<string, unknown>;
  } catch {
    // A tool that failed says so in words; the script has a line for that.
    return {};
  }
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function spokenTime(time: string): string {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  const half = hour < 12 ? 'in the morning' : hour < 18 ? 'in the afternoon' : 'in the evening';
  return `${((hour + 11) % 12) + 1}${minute === 0 ? '' : ` ${minute}`} ${half}`;
}
