// What TwiML makes a call of the fake carrier do: https://www.twilio.com/docs/voice/twiml
import {
  endCall,
  isOver,
  note,
  notify,
  parametersOf,
  report,
  setStatus,
  type CallState,
  type FakeInstructions,
} from './fake-call-state.js';
import { readTwiml, type TwimlElement } from './fake-twiml.js';
import { askApplication } from './fake-webhook.js';

/** Carries out one document; what it leads to, if anything. */
export async function follow(
  call: CallState,
  instructions: FakeInstructions,
): Promise<FakeInstructions | undefined> {
  const document = await readInstructions(call, instructions);
  if (typeof document === 'string') {
    note(call, document);
    return call.replacement === undefined ? fallBack(call, instructions, document) : undefined;
  }
  const url = 'url' in instructions ? instructions.url : undefined;
  for (const verb of document.children) {
    if (call.controller.signal.aborted) return undefined;
    const next = await carryOut(call, verb, url);
    if (next !== undefined) return next;
  }
  return undefined;
}

/** The number's fallback is asked, and told what went wrong; without one the caller hears an error of the carrier's own. */
function fallBack(
  call: CallState,
  instructions: FakeInstructions,
  problem: string,
): FakeInstructions | undefined {
  const { fallback } = call.options;
  if (fallback !== undefined && 'url' in instructions && instructions.url !== fallback.url) {
    const [ErrorCode = ''] = /^\d+/.exec(problem) ?? [];
    return { ...fallback, parameters: { ErrorCode, ErrorUrl: instructions.url } };
  }
  endCall(call, 'failed');
  return undefined;
}

async function readInstructions(
  call: CallState,
  instructions: FakeInstructions,
): Promise<TwimlElement | string> {
  let text: string;
  if ('twiml' in instructions) {
    text = instructions.twiml;
  } else {
    const parameters = { ...parametersOf(call), ...instructions.parameters };
    const answer = await askApplication(call.context, instructions, parameters);
    if (typeof answer === 'string') return answer;
    if (!/^(text|application)\/xml\b/.test(answer.contentType))
      return `12300: content type ${answer.contentType}`;
    text = answer.body;
  }
  const document = readTwiml(text);
  return typeof document === 'string' ? `12100: ${document}` : document;
}

async function carryOut(
  call: CallState,
  verb: TwimlElement,
  url: string | undefined,
): Promise<FakeInstructions | undefined> {
  call.steps.push(verb);
  if (verb.name === 'Reject') {
    endCall(call, verb.attributes['reason'] === 'busy' ? 'busy' : 'failed');
    return undefined;
  }
  setStatus(call, 'in-progress');
  notify(call);
  switch (verb.name) {
    case 'Say':
    case 'Play':
    case 'Pause':
      return undefined;
    case 'Redirect':
      return { url: resolveUrl(verb.text, url) };
    case 'Gather':
      return gather(call, verb, url);
    case 'Dial':
      return dial(call, verb, url);
    case 'Connect':
      return connect(call, verb);
    case 'Hangup':
      endCall(call, 'completed');
      return undefined;
    default:
      note(call, `12200: <${verb.name}> is no instruction this carrier knows`);
      return undefined;
  }
}

function resolveUrl(url: string, base: string | undefined): string {
  return base === undefined ? url : new URL(url, base).href;
}

/** Settles when the condition holds, time is up, or the call goes another way. */
function waitFor(call: CallState, condition: () => boolean, timeoutMs?: number): Promise<void> {
  const { clock } = call.context;
  const { signal } = call.controller;
  return new Promise((resolve) => {
    const timer = timeoutMs === undefined ? undefined : clock.setTimeout(settle, timeoutMs);
    const ask = (): void => {
      if (condition()) settle();
    };
    function settle(): void {
      clock.clearTimeout(timer);
      call.waits.delete(ask);
      signal.removeEventListener('abort', settle);
      resolve();
    }
    call.waits.add(ask);
    signal.addEventListener('abort', settle);
    if (signal.aborted) settle();
    else ask();
  });
}

async function gather(
  call: CallState,
  verb: TwimlElement,
  url: string | undefined,
): Promise<FakeInstructions | undefined> {
  const { numDigits = '0', timeout = '5', action, finishOnKey = '#' } = verb.attributes;
  const wanted = Number(numDigits);
  const isDone = (): boolean =>
    call.digits.includes(finishOnKey) || (wanted > 0 && call.digits.length >= wanted);
  await waitFor(call, isDone, Number(timeout) * 1000);
  const [digits = ''] = call.digits.split(finishOnKey);
  call.digits = '';
  if (digits === '' || call.controller.signal.aborted) return undefined;
  const target = resolveUrl(action ?? url ?? '', url);
  return { url: target, parameters: { Digits: wanted > 0 ? digits.slice(0, wanted) : digits } };
}

/** How it ended decides what comes next, where somebody wants to be asked: https://www.twilio.com/docs/voice/twiml/dial */
async function dial(
  call: CallState,
  verb: TwimlElement,
  url: string | undefined,
): Promise<FakeInstructions | undefined> {
  const { action, callerId: from = call.options.from } = verb.attributes;
  const [callee = verb] = verb.children;
  const reaction = call.context.reactTo({ from, to: callee.text });
  if (reaction === 'answer') await hangUpOfCallee(call);
  if (action === undefined) return undefined;
  const outcome: Readonly<Record<string, string>> =
    reaction === 'answer'
      ? { DialCallStatus: 'completed', DialBridged: 'true', DialCallDuration: '1' }
      : { DialCallStatus: reaction, DialBridged: 'false' };
  const parameters = { DialCallSid: call.context.newSid('CA'), ...outcome };
  const target = resolveUrl(action, url);
  // A caller who hung up has nothing to go on with, but the application is told.
  if (isOver(call)) report(call, target, parameters);
  return call.controller.signal.aborted ? undefined : { url: target, parameters };
}

async function hangUpOfCallee(call: CallState): Promise<void> {
  let isDone = false;
  call.dial = () => {
    isDone = true;
    notify(call);
  };
  await waitFor(call, () => isDone);
  call.dial = undefined;
}

async function connect(call: CallState, verb: TwimlElement): Promise<undefined> {
  const [stream] = verb.children;
  const url = stream?.attributes['url'];
  if (stream?.name !== 'Stream' || url === undefined) {
    note(call, '12200: <Connect> without a <Stream url>');
    return;
  }
  if (url.includes('?')) {
    note(call, '31920: the URL of a stream has a query');
    return;
  }
  const pairs = stream.children.map(({ attributes }) => [
    attributes['name'] ?? '',
    attributes['value'] ?? '',
  ]);
  const leg = call.context.openLeg({
    callSid: call.options.sid,
    streamSid: call.context.newSid('MZ'),
    url,
    parameters: Object.fromEntries(pairs) as Record<string, string>,
    onProgress: (problem) => (problem === undefined ? notify(call) : note(call, problem)),
  });
  call.leg = leg;
  call.legs.push(leg);
  notify(call);
  call.controller.signal.addEventListener('abort', () => leg.stop());
  const problem = await leg.ended;
  call.leg = undefined;
  if (problem !== undefined) note(call, problem);
}
