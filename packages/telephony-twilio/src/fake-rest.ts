// The fake carrier's REST API, as far as calls are steered by it: https://www.twilio.com/docs/voice/api/call-resource
import type { FakeInstructions } from './fake-call-state.js';
import type { FakeCallControl } from './fake-call.js';

export interface RestRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly form: URLSearchParams;
}

export interface RestAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface RestContext {
  readonly accountSid: string;
  /** User name and secret that are let in: the account's, and its API keys'. */
  readonly credentials: ReadonlyMap<string, string>;
  find(callSid: string): FakeCallControl | undefined;
  dial(request: DialForm): FakeCallControl;
  /** By call; its latest recording. */
  readonly recordings: Map<string, { readonly sid: string; status: string }>;
  newSid(prefix: string): string;
}

export interface DialForm {
  readonly from: string;
  readonly to: string;
  readonly instructions: FakeInstructions;
  readonly statusUrl: string | undefined;
  readonly statusEvents: readonly string[];
}

const numberOrAddress = /^(\+[1-9]\d{6,14}|(sip|client):.+)$/;

export function answerRest(context: RestContext, request: RestRequest): RestAnswer {
  if (!isLetIn(context, request.authorization)) return refusal(401, 20003, 'Authenticate');
  const prefix = `/2010-04-01/Accounts/${context.accountSid}/Calls`;
  const [, callSid, , recordings, recordingSid] =
    new RegExp(`^${prefix}(?:/([\\w-]+)(/(Recordings)(?:/([\\w.-]+))?)?)?\\.json$`).exec(request.path) ?? [];
  if (callSid === undefined) {
    return request.path === `${prefix}.json` && request.method === 'POST'
      ? dial(context, request.form)
      : notFound(request);
  }
  const control = context.find(callSid);
  if (control === undefined) return notFound(request);
  if (recordings !== undefined) return record(context, request, control, recordingSid);
  if (request.method === 'POST') return update(context, request, control);
  return { status: 200, body: describeCall(context, control) };
}

function isLetIn({ credentials }: RestContext, authorization = ''): boolean {
  const [, encoded = ''] = /^Basic (.+)$/.exec(authorization) ?? [];
  const [user = '', ...secret] = Buffer.from(encoded, 'base64').toString().split(':');
  return credentials.get(user) === secret.join(':');
}

function refusal(status: number, code: number, message: string): RestAnswer {
  return { status, body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status } };
}

function notFound({ path }: RestRequest): RestAnswer {
  return refusal(404, 20404, `The requested resource ${path} was not found`);
}

function dial(context: RestContext, form: URLSearchParams): RestAnswer {
  const [to, from] = [form.get('To'), form.get('From')];
  const instructions = readInstructions(form);
  if (to === null) return refusal(400, 21201, "No 'To' number is specified");
  if (from === null) return refusal(400, 21213, "'From' phone number not provided");
  if (!numberOrAddress.test(to))
    return refusal(400, 21211, `The phone number you are attempting to call, ${to}, is not valid.`);
  if (!numberOrAddress.test(from)) return refusal(400, 21212, `The caller ID ${from} is not valid.`);
  if (instructions === undefined) return refusal(400, 21205, 'Url parameter is required.');
  const statusEvents = form.getAll('StatusCallbackEvent');
  const control = context.dial({
    from,
    to,
    instructions,
    statusUrl: form.get('StatusCallback') ?? undefined,
    statusEvents: statusEvents.length > 0 ? statusEvents : ['completed'],
  });
  return { status: 201, body: { ...describeCall(context, control), status: 'queued' } };
}

function readInstructions(form: URLSearchParams): FakeInstructions | undefined {
  const url = form.get('Url');
  const twiml = form.get('Twiml');
  if (url !== null) return URL.canParse(url) ? { url } : undefined;
  return twiml === null ? undefined : { twiml };
}

function update(context: RestContext, { form }: RestRequest, control: FakeCallControl): RestAnswer {
  const status = form.get('Status');
  const instructions = readInstructions(form);
  if (control.isOver) return refusal(400, 21220, 'Call is not in-progress. Cannot redirect.');
  if (status === 'completed' || status === 'canceled') control.end(status);
  else if (instructions !== undefined) control.replace(instructions);
  else return refusal(400, 21218, 'Nothing to change.');
  return { status: 200, body: describeCall(context, control) };
}

function describeCall({ accountSid }: RestContext, { call }: FakeCallControl): Record<string, unknown> {
  return {
    sid: call.sid,
    account_sid: accountSid,
    api_version: '2010-04-01',
    date_created: 'Sat, 21 Nov 2026 09:00:00 +0000',
    direction: call.direction,
    from: call.from,
    to: call.to,
    status: call.status,
    uri: `/2010-04-01/Accounts/${accountSid}/Calls/${call.sid}.json`,
  };
}

const recordingChanges = ['paused', 'in-progress', 'stopped'];

function record(
  context: RestContext,
  request: RestRequest,
  { call, isOver }: FakeCallControl,
  recordingSid: string | undefined,
): RestAnswer {
  if (isOver) return refusal(400, 21220, 'Call is not in-progress.');
  const active = context.recordings.get(call.sid);
  const status = request.form.get('Status') ?? '';
  if (recordingSid === undefined) {
    const recording = { sid: context.newSid('RE'), status: 'in-progress' };
    context.recordings.set(call.sid, recording);
    return { status: 201, body: { ...recording, call_sid: call.sid } };
  }
  if (active === undefined || !['Twilio.CURRENT', active.sid].includes(recordingSid))
    return notFound(request);
  if (!recordingChanges.includes(status)) return refusal(400, 21220, 'Invalid status.');
  active.status = status;
  return { status: 200, body: { ...active, call_sid: call.sid } };
}
