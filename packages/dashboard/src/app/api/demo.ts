// The reference server's demo, as the page asks for it: what it is made of, who can call, and starting a call.

/** How the caller speaks. */
export type SpeakMode = 'microphone' | 'typed' | 'recorded';

export interface StageInfo {
  readonly stage: string;
  /** What does the work: "Flite", "demo script". */
  readonly label: string;
  /** One more sentence about it. */
  readonly detail: string;
}

export interface RecordedUtterance {
  readonly url: string;
  readonly text: string;
}

export interface RecordedCaller {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly utterances: readonly RecordedUtterance[];
}

/** `GET /api/v1/demo`. */
export interface Demo {
  readonly stages: readonly StageInfo[];
  readonly callers: readonly RecordedCaller[];
  readonly agent: { readonly name: string; readonly greeting: string; readonly hints: readonly string[] };
  /** Hz of the audio on the wire. */
  readonly sampleRate: number;
  /** Who is to turn a microphone's audio into text. `page`: the browser's own recogniser, where there is one. */
  readonly recogniser: Recogniser;
}

/** Who turns a microphone's audio into text. */
export type Recogniser = 'page' | 'server';

/** `POST /api/v1/demo/calls`. */
export interface StartedCall {
  readonly callId: string;
  readonly token: string;
  /** `ws:` or `wss:`, maybe on another port. */
  readonly mediaUrl: string;
}

/** A failure in words for the person in front of the page. */
export class PageError extends Error {
  override readonly name = 'PageError';
}

/** Throws `PageError`. */
export async function loadDemo(): Promise<Demo> {
  const demo = (await requestJson('/api/v1/demo')) as Partial<Demo> | undefined;
  const { stages, callers, agent, sampleRate, recogniser } = demo ?? {};
  const isWhole = Array.isArray(stages) && Array.isArray(callers) && agent && sampleRate && recogniser;
  if (!isWhole) {
    throw new PageError(
      'The server answered something this page does not understand. Are both of the same version?',
    );
  }
  return demo as Demo;
}

/** Throws `PageError`. */
export async function startCall(speak: SpeakMode, recogniser: Recogniser): Promise<StartedCall> {
  const call = (await requestJson('/api/v1/demo/calls', { speak, recogniser })) as
    Partial<StartedCall> | undefined;
  const { callId, token, mediaUrl } = call ?? {};
  if (callId === undefined || token === undefined || mediaUrl === undefined) {
    throw new PageError('The server did not say where to call.');
  }
  return { callId, token, mediaUrl };
}

/** Throws `PageError`. */
export async function loadRecording(utterance: RecordedUtterance): Promise<ArrayBuffer> {
  const response = await request(utterance.url);
  return response.arrayBuffer();
}

async function requestJson(url: string, body?: unknown): Promise<unknown> {
  const response = await request(url, body);
  return response.json().catch(() => undefined);
}

async function request(url: string, body?: unknown): Promise<Response> {
  const init =
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch {
    throw new PageError('The server does not answer. Is it still running?');
  }
  if (response.ok) return response;
  if (response.status === 429 || response.status === 503) {
    throw new PageError('The server takes no more calls at the moment. Try again when one has ended.');
  }
  throw new PageError(`The server refused with status ${response.status}. Its log says why.`);
}
