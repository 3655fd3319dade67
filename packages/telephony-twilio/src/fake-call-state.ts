// A call of the fake carrier as it stands: what is known of it, its status, and who is told when that changes.
import type { Clock } from '@voicewire/core/adapter';
import type { TwimlElement } from './fake-twiml.js';
import { askApplication, type FakeAccount, type FakeWebhook } from './fake-webhook.js';

export type FakeCallStatus =
  | 'queued'
  | 'initiated'
  | 'ringing'
  | 'in-progress'
  | 'completed'
  | 'busy'
  | 'no-answer'
  | 'failed'
  | 'canceled';

/** What somebody does who is dialled. */
export type FakeReaction = 'answer' | 'busy' | 'no-answer' | 'failed';

/** What a call does next: asks a URL, or follows TwiML that came with a command. */
export type FakeInstructions =
  (FakeWebhook & { readonly parameters?: Readonly<Record<string, string>> }) | { readonly twiml: string };

/** The caller's end of one media stream. */
export interface FakeMediaLeg {
  speak(audio: Uint8Array): Promise<void>;
  press(digit: string): void;
  /** Says stop and closes: the caller hung up, or other instructions came. */
  stop(): void;
  /** Settles when the socket is gone, with what was wrong about it. */
  readonly ended: Promise<string | undefined>;
  heard(): readonly Uint8Array[];
}

export interface FakeStreamRequest {
  readonly callSid: string;
  readonly streamSid: string;
  readonly url: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Something was heard, or went wrong. */
  onProgress(problem?: string): void;
}

export interface FakeCallContext {
  readonly account: FakeAccount;
  readonly clock: Clock;
  newSid(prefix: string): string;
  reactTo(dial: { readonly from: string; readonly to: string }): FakeReaction;
  openLeg(request: FakeStreamRequest): FakeMediaLeg;
  /** How an impossible wait is told. */
  toError(message: string): Error;
}

export interface FakeCallOptions {
  readonly sid: string;
  readonly from: string;
  readonly to: string;
  readonly direction: 'inbound' | 'outbound-api';
  readonly instructions: FakeInstructions;
  /** Asked for instructions where those it should have followed can't be had. */
  readonly fallback?: FakeWebhook | undefined;
  readonly statusUrl?: string | undefined;
  /** Of initiated, ringing, answered, completed. */
  readonly statusEvents: readonly string[];
  /** What the callee of a dialled call does. */
  readonly reaction: FakeReaction;
}

export interface CallState {
  readonly context: FakeCallContext;
  readonly options: FakeCallOptions;
  readonly steps: TwimlElement[];
  readonly problems: string[];
  readonly legs: FakeMediaLeg[];
  readonly waits: Set<() => void>;
  /** Reports on their way, whose answers nobody follows. */
  readonly reports: Promise<unknown>[];
  status: FakeCallStatus;
  sequence: number;
  digits: string;
  /** Ends what the call is doing now. */
  controller: AbortController;
  replacement: FakeInstructions | undefined;
  leg: FakeMediaLeg | undefined;
  dial: (() => void) | undefined;
}

const lastStatuses: readonly FakeCallStatus[] = ['completed', 'busy', 'no-answer', 'failed', 'canceled'];

export function isOver(call: CallState): boolean {
  return lastStatuses.includes(call.status);
}

export function notify(call: CallState): void {
  for (const wait of [...call.waits]) wait();
}

export function note(call: CallState, problem: string): void {
  call.problems.push(problem);
  notify(call);
}

export function endCall(call: CallState, status: FakeCallStatus): void {
  setStatus(call, status);
  call.leg?.stop();
  call.controller.abort();
}

const statusEventNames: Readonly<Partial<Record<FakeCallStatus, string>>> = {
  initiated: 'initiated',
  ringing: 'ringing',
  'in-progress': 'answered',
};

export function setStatus(call: CallState, status: FakeCallStatus): void {
  if (isOver(call) || call.status === status) return;
  call.status = status;
  notify(call);
  const { statusUrl, statusEvents } = call.options;
  if (statusUrl === undefined || !statusEvents.includes(statusEventNames[status] ?? 'completed')) return;
  const progress = { CallbackSource: 'call-progress-events', SequenceNumber: String(call.sequence) };
  const duration: Record<string, string> = status === 'completed' ? { CallDuration: '1' } : {};
  call.sequence += 1;
  report(call, statusUrl, { ...progress, ...duration });
}

/** Tells the application something that changes nothing any more. */
export function report(call: CallState, url: string, news: Readonly<Record<string, string>>): void {
  const parameters = { ...parametersOf(call), ...news };
  const asking = askApplication(call.context, { url }, parameters);
  call.reports.push(asking.then((answer) => typeof answer === 'string' && note(call, answer)));
}

export function parametersOf(call: CallState): Record<string, string> {
  const { sid, from, to, direction } = call.options;
  return {
    AccountSid: call.context.account.accountSid,
    ApiVersion: '2010-04-01',
    CallSid: sid,
    CallStatus: call.status,
    Direction: direction,
    From: from,
    To: to,
    Caller: from,
    Called: to,
  };
}
