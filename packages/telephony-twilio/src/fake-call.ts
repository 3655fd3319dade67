// One call of the fake carrier: it asks the application what to do, does it step by step, and has a caller at its end.
import {
  endCall,
  isOver,
  notify,
  setStatus,
  type CallState,
  type FakeCallContext,
  type FakeCallOptions,
  type FakeCallStatus,
  type FakeInstructions,
} from './fake-call-state.js';
import type { TwimlElement } from './fake-twiml.js';
import { follow } from './fake-verbs.js';

/** A call as a test or a bench drives it: from the caller's end. */
export interface FakeCall {
  readonly sid: string;
  readonly from: string;
  readonly to: string;
  readonly direction: 'inbound' | 'outbound-api';
  readonly status: FakeCallStatus;
  /** What was carried out so far, in order. */
  readonly steps: readonly TwimlElement[];
  /** What the real carrier would have put in its error log, beginning with its number there. */
  readonly problems: readonly string[];
  /** Whether there is a media stream, or one being opened. */
  readonly isStreaming: boolean;
  /** All audio the caller has heard, of all streams. */
  readonly heard: Uint8Array;
  /** Says audio in the stream's format; resolves when it was said. */
  speak(audio: Uint8Array): Promise<void>;
  press(digits: string): void;
  hangup(): void;
  /** The party that answered a running `<Dial>` hangs up. */
  endDial(): void;
  /** Resolves when this holds, asked at everything that happens; rejects when the call is over and it does not. */
  until(condition: () => boolean): Promise<void>;
  /** The call is over and everybody has been told. */
  readonly ended: Promise<void>;
}

/** What the carrier's REST API does to a call. */
export interface FakeCallControl {
  readonly call: FakeCall;
  readonly isOver: boolean;
  replace(instructions: FakeInstructions): void;
  end(status: FakeCallStatus): void;
}

export function openFakeCall(context: FakeCallContext, options: FakeCallOptions): FakeCallControl {
  const call: CallState = {
    context,
    options,
    steps: [],
    problems: [],
    legs: [],
    waits: new Set(),
    reports: [],
    status: 'queued',
    sequence: 0,
    digits: '',
    controller: new AbortController(),
    replacement: undefined,
    leg: undefined,
    dial: undefined,
  };
  const ended = runCall(call);
  return {
    call: toFakeCall(call, ended),
    get isOver() {
      return isOver(call);
    },
    replace(instructions) {
      call.replacement = instructions;
      call.controller.abort();
    },
    end: (status) => endCall(call, status),
  };
}

function toFakeCall(call: CallState, ended: Promise<void>): FakeCall {
  const { sid, from, to, direction } = call.options;
  return {
    sid,
    from,
    to,
    direction,
    steps: call.steps,
    problems: call.problems,
    ended,
    get status() {
      return call.status;
    },
    get isStreaming() {
      return call.leg !== undefined;
    },
    get heard() {
      return Buffer.concat(call.legs.flatMap((leg) => leg.heard()));
    },
    async speak(audio) {
      await until(call, () => call.leg !== undefined);
      await call.leg?.speak(audio);
    },
    press(digits) {
      if (call.leg === undefined) call.digits += digits;
      else for (const digit of digits) call.leg.press(digit);
      notify(call);
    },
    hangup: () => endCall(call, 'completed'),
    endDial: () => call.dial?.(),
    until: (condition) => until(call, condition),
  };
}

function until(call: CallState, condition: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const ask = (): void => {
      if (!condition() && !isOver(call)) return;
      call.waits.delete(ask);
      if (condition()) resolve();
      else reject(call.context.toError(`The call was over (${call.status}) before what was waited for.`));
    };
    call.waits.add(ask);
    ask();
  });
}

async function runCall(call: CallState): Promise<void> {
  const { direction, reaction, instructions } = call.options;
  if (direction === 'outbound-api') setStatus(call, 'initiated');
  // A number that can't be reached never rings.
  if (direction === 'inbound' || reaction !== 'failed') setStatus(call, 'ringing');
  if (direction === 'outbound-api' && reaction !== 'answer') setStatus(call, reaction);
  else if (direction === 'outbound-api') setStatus(call, 'in-progress');
  let next: FakeInstructions | undefined = instructions;
  while (next !== undefined && !isOver(call)) {
    call.controller = new AbortController();
    const following: FakeInstructions | undefined = await follow(call, next);
    next = call.replacement ?? following;
    call.replacement = undefined;
  }
  endCall(call, 'completed');
  await Promise.all(call.reports);
}
