// Twilio as an application sees it: REST commands in, signed webhooks and media sockets out, callers in real time.
import { randomBytes } from 'node:crypto';
import { systemClock, type Clock } from '@voicewire/core/adapter';
import {
  connectWireCaller,
  startFakeServer,
  TestingError,
  type Caller,
  type CarrierDialect,
  type FakeRequest,
  type WireCaller,
} from '@voicewire/testing';
import { openFakeCall, type FakeCall, type FakeCallControl } from './fake-call.js';
import type { FakeCallOptions, FakeMediaLeg, FakeReaction, FakeStreamRequest } from './fake-call-state.js';
import { createStreamWriter, readApplicationMessage } from './fake-media.js';
import { answerRest, type DialForm, type RestAnswer, type RestRequest } from './fake-rest.js';
import { signatureHeaders, type FakeAccount, type FakeWebhook } from './fake-webhook.js';

export type { FakeCall } from './fake-call.js';
export type { FakeCallStatus } from './fake-call-state.js';
export type { RestRequest } from './fake-rest.js';
export type { TwimlElement } from './fake-twiml.js';

const telephone = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;

/** Calls of a load test may be long. */
const maxCallMs = 24 * 3_600_000;

export interface TwilioFakeOptions {
  readonly accountSid?: string | undefined;
  readonly authToken?: string | undefined;
  /** Secrets of API keys, by `SK…`. */
  readonly apiKeys?: Readonly<Record<string, string>> | undefined;
  /** What the people do who are dialled, by a command or by `<Dial>`. Default: they answer. */
  readonly reaction?: ((dial: { readonly from: string; readonly to: string }) => FakeReaction) | undefined;
  /** Where a public URL is really served: calls are signed over the one and go to the other. Default: there. */
  readonly resolve?: ((url: string) => string) | undefined;
  /** Default: the system's. The network is in real time all the same. */
  readonly clock?: Clock | undefined;
}

/**
 * What goes wrong with a command: `drop` and `garbage` after it was carried out, `silent`, `refuse` and `pretend` (a success
 * that says nothing but a status, by default `in-progress`) in its place.
 */
export type RestFault =
  | {
      readonly type: 'refuse';
      readonly status: number;
      readonly error?: number | undefined;
      readonly retryAfterS?: number | undefined;
    }
  | { readonly type: 'pretend'; readonly status?: string | undefined }
  | { readonly type: 'silent' | 'drop' | 'garbage' };

/** A running fake. Close it when the test ends. */
export interface TwilioFake {
  /** For `baseUrl`. */
  readonly url: string;
  readonly accountSid: string;
  readonly authToken: string;
  /** Commands as they came, whatever became of them. */
  readonly commands: readonly RestRequest[];
  /** All calls, dialled ones too, in order. */
  readonly calls: readonly FakeCall[];
  /** Somebody calls a number whose webhook is `url`. */
  call(options: {
    readonly from: string;
    readonly to: string;
    readonly url: string;
    readonly statusUrl?: string;
    /**
     * The number's fallback ("Primary handler fails"): asked, with `ErrorCode` and `ErrorUrl`, when instructions can't be had:
     * nobody there, an error, no answer within 15 s, no TwiML. Without it the call fails. `method`: default POST.
     */
    readonly fallback?: FakeWebhook;
  }): FakeCall;
  /** The next `times` commands go wrong; without `times`, all to come. */
  misbehave(fault: RestFault, times?: number): void;
  /** Hangs up all calls and stops listening. */
  close(): Promise<void>;
}

interface State {
  readonly account: FakeAccount;
  readonly options: TwilioFakeOptions;
  readonly clock: Clock;
  readonly reactTo: NonNullable<TwilioFakeOptions['reaction']>;
  readonly controls: FakeCallControl[];
  readonly commands: RestRequest[];
  readonly recordings: Map<string, { sid: string; status: string }>;
  fault: { readonly fault: RestFault; left: number } | undefined;
}

/** Starts the fake on a free loopback port. */
export async function startTwilioFake(options: TwilioFakeOptions = {}): Promise<TwilioFake> {
  const { accountSid = newSid('AC'), authToken = randomBytes(16).toString('hex') } = options;
  const account: FakeAccount = { accountSid, authToken, resolve: options.resolve ?? ((url) => url) };
  const { clock = systemClock, reaction = () => 'answer' } = options;
  const state: State = {
    account,
    options,
    clock,
    reactTo: reaction,
    controls: [],
    commands: [],
    recordings: new Map(),
    fault: undefined,
  };
  const server = await startFakeServer({
    onRequest(request, response) {
      const answer = answerCommand(state, request);
      if (answer === 'silent') return;
      if (answer === 'drop') return void response.destroy();
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      response.end(answer.text);
    },
    onUpgrade: (_, { socket }) => void socket.destroy(),
  });
  return {
    url: server.url,
    accountSid,
    authToken,
    commands: state.commands,
    get calls() {
      return state.controls.map(({ call }) => call);
    },
    call({ url, ...call }) {
      const rest = { instructions: { url }, statusEvents: ['completed'], reaction: 'answer' } as const;
      return addCall(state, { ...call, ...rest, direction: 'inbound' }).call;
    },
    misbehave(fault, times = Infinity) {
      state.fault = { fault, left: times };
    },
    async close() {
      for (const control of state.controls) control.end('completed');
      await Promise.all(state.controls.map(({ call }) => call.ended));
      await server.close();
    },
  };
}

function newSid(prefix: string): string {
  return prefix + randomBytes(16).toString('hex');
}

function addCall(state: State, options: Omit<FakeCallOptions, 'sid'>): FakeCallControl {
  const { account, clock, reactTo } = state;
  const context = {
    account,
    clock,
    newSid,
    reactTo,
    openLeg: (request: FakeStreamRequest) => openLeg(state, request),
    toError: (message: string) => new TestingError('testing.fake_misuse', message),
  };
  const control = openFakeCall(context, { ...options, sid: newSid('CA') });
  state.controls.push(control);
  return control;
}

// ── Commands ────────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text: string;
}

function answerCommand(
  state: State,
  { method, url, headers, body }: FakeRequest,
): Answer | 'silent' | 'drop' {
  const form = new URLSearchParams(Buffer.from(body).toString());
  const command: RestRequest = { method, path: url.pathname, authorization: headers['authorization'], form };
  state.commands.push(command);
  const fault = takeFault(state);
  if (fault?.type === 'silent') return 'silent';
  if (fault?.type === 'pretend')
    return { status: 200, text: JSON.stringify({ status: fault.status ?? 'in-progress' }) };
  if (fault?.type === 'refuse') {
    const retry: Record<string, string> =
      fault.retryAfterS === undefined ? {} : { 'retry-after': String(fault.retryAfterS) };
    const text = JSON.stringify({
      code: fault.error,
      message: 'Refused for +14155550100',
      status: fault.status,
    });
    return { status: fault.status, headers: retry, text };
  }
  const answer: RestAnswer = answerRest(toRestContext(state), command);
  if (fault?.type === 'drop') return 'drop';
  return { status: answer.status, text: fault === undefined ? JSON.stringify(answer.body) : '<html>' };
}

function takeFault(state: State): RestFault | undefined {
  if (state.fault === undefined || state.fault.left <= 0) return undefined;
  state.fault.left -= 1;
  return state.fault.fault;
}

function toRestContext(state: State): Parameters<typeof answerRest>[0] {
  const { account, options, reactTo, recordings } = state;
  return {
    accountSid: account.accountSid,
    credentials: new Map([[account.accountSid, account.authToken], ...Object.entries(options.apiKeys ?? {})]),
    find: (callSid) => state.controls.find(({ call }) => call.sid === callSid),
    dial: (form: DialForm) => addCall(state, { ...form, direction: 'outbound-api', reaction: reactTo(form) }),
    recordings,
    newSid,
  };
}

// ── Media ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How Twilio's media sockets talk, for the simulated carrier of the conformance suite. */
export function createTwilioCarrier(account: Pick<FakeAccount, 'accountSid' | 'authToken'>): CarrierDialect {
  return {
    provider: 'twilio',
    inbound: telephone,
    outbound: telephone,
    frameMs: 20,
    pacing: 'carrier',
    marks: 'played',
    clearReturnsMarks: true,
    timesAudio: true,
    namesStreams: true,
    upgradeHeaders: (url) => signatureHeaders(account, url),
    connect({ callId: callSid, streamId: streamSid, token, parameters, tracks }) {
      const writer = createStreamWriter({
        accountSid: account.accountSid,
        callSid,
        streamSid,
        tracks,
        parameters: token === undefined ? parameters : { ...parameters, token },
      });
      return {
        read: (message) => [readApplicationMessage(message, streamSid)],
        write(event) {
          switch (event.type) {
            case 'start':
              return writer.start();
            case 'audio':
              return [writer.media(event.track, event.audio, event.atMs, event.sequence)];
            case 'dtmf':
              return [writer.dtmf(event.digit, event.track)];
            case 'mark':
              return [writer.mark(event.name)];
            case 'stop':
              return [writer.stop()];
            case 'played':
            case 'transcript':
              return [];
            default:
              return event satisfies never;
          }
        },
      };
    },
  };
}

/** A caller on one media socket: a simulated line that is steered by hand. */
function openLeg({ account, clock }: State, request: FakeStreamRequest): FakeMediaLeg {
  const { callSid: callId, streamSid: streamId, parameters, url } = request;
  let isStopped = false;
  let takeCaller: (caller: Caller | undefined) => void = () => undefined;
  /** Undefined where there is no media socket. */
  const arriving = new Promise<Caller | undefined>((resolve) => (takeCaller = resolve));
  const connecting = connectWireCaller(watch(createTwilioCarrier(account), request), {
    url: account.resolve(url),
    publicUrl: url,
    call: { callId, streamId, parameters },
    clock,
    maxCallMs,
    script(caller) {
      takeCaller(caller);
      return caller.until(() => isStopped);
    },
  });
  let line: WireCaller | undefined;
  const ended = connecting.then(
    async (connected) => {
      line = connected;
      const code = await connected.disconnected;
      return isStopped || code === 1000 ? undefined : `31921: closed with ${code}`;
    },
    (error: unknown) => {
      takeCaller(undefined);
      return `31920: ${String(error)}`;
    },
  );
  return {
    ended,
    stop() {
      isStopped = true;
      void arriving.then((caller) => caller?.hangup());
    },
    heard: () => line?.played().map(({ audio }) => audio) ?? [],
    // A call that ends while its caller speaks is no failure of the caller's.
    speak: async (audio) => (await arriving)?.play(audio).catch(() => undefined),
    press: (digit) => void arriving.then((caller) => caller?.press(digit)).catch(() => undefined),
  };
}

/** The same carrier, telling the call of everything that happens. */
function watch(carrier: CarrierDialect, { onProgress }: FakeStreamRequest): CarrierDialect {
  return {
    ...carrier,
    connect(call) {
      const conversation = carrier.connect(call);
      return {
        read(message) {
          const commands = conversation.read(message);
          for (const command of commands) if (command.type === 'unreadable') onProgress(command.reason);
          onProgress();
          return commands;
        },
        write(event) {
          if (event.type === 'audio') onProgress();
          return conversation.write(event);
        },
      };
    },
  };
}
