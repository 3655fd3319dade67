// A phone in a page, for one call: asks for the microphone, dials, speaks, listens, hangs up.
import type { PageTranscript, ServerMessage } from '../browser-wire.js';
import type { PlayOutReport } from '../worklet/play-out.js';
import { openHandset, type Handset, type Levels } from './handset.js';
import { openLine, type Line } from './line.js';
import { openMicrophone } from './microphone.js';
import { PhoneError } from './phone-error.js';
import { createRecogniser, type Recogniser, type RecogniserOptions } from './recogniser.js';

/** Where to call, and the single-use token that lets the page in. */
export interface Destination {
  /** `ws:` or `wss:`. */
  readonly url: string;
  readonly token: string;
  /** What the server calls this call, where it has a name already. */
  readonly callId?: string | undefined;
}

/** What happens during a call. */
export type PhoneEvent =
  | { readonly type: 'live'; readonly callId: string }
  /** The agent's voice leaves the loudspeaker, or stops. */
  | { readonly type: 'speaking'; readonly isSpeaking: boolean }
  /** The browser plays and records nothing until the person touches the page: offer a button for `resume`. */
  | { readonly type: 'blocked'; readonly isBlocked: boolean }
  /** Something failed; the call goes on without it. */
  | { readonly type: 'problem'; readonly error: PhoneError }
  | { readonly type: 'ended'; readonly reason: 'hung-up' | 'remote' }
  | { readonly type: 'ended'; readonly reason: 'failed'; readonly error: PhoneError };

export interface BrowserPhoneOptions {
  /** A function is asked once the microphone is open, so that no token grows old before a permission prompt. */
  readonly destination: Destination | (() => Promise<Destination>);
  /** Where the page serves the package's `worklet` file. */
  readonly workletUrl: string;
  /** Hz on the wire: 8000, 16000, 24000 or 48000. Default 16000. */
  readonly sampleRate?: number | undefined;
  /** `none`: the caller types or plays recordings, and no permission is asked. Default `microphone`. */
  readonly mouthpiece?: 'microphone' | 'none' | undefined;
  /** Sends what the browser's own recogniser hears as transcripts. Default: nothing is recognised in the page. */
  readonly recogniser?: RecogniserOptions | undefined;
  /** Handed to the server with the start of the call. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  readonly onEvent: (event: PhoneEvent) => void;
}

export interface BrowserPhone {
  /** Best called from a click. Resolves when the server has taken the call; rejects with `PhoneError`. Once per phone. */
  call(): Promise<void>;
  hangUp(): void;
  /** One key: 0–9, * or #. */
  press(digit: string): void;
  /** What the caller says, as text. */
  say(text: string): void;
  /** Speaks a recording (any file the browser decodes) in the microphone's place; resolves when it is over. */
  speak(recording: ArrayBuffer): Promise<void>;
  stopSpeaking(): void;
  setMuted(isMuted: boolean): void;
  resume(): void;
  levels(): Levels;
  /** Frames that were not sent because the network was stuck. */
  droppedFrames(): number;
}

interface OpenCall {
  readonly options: BrowserPhoneOptions;
  handset: Handset | undefined;
  line: Line | undefined;
  recogniser: Recogniser | undefined;
  track: MediaStreamTrack | undefined;
  isOver: boolean;
}

const silence: Levels = { caller: 0, agent: 0 };

/** Makes a phone for one call. */
export function createBrowserPhone(options: BrowserPhoneOptions): BrowserPhone {
  const call: OpenCall = {
    options,
    handset: undefined,
    line: undefined,
    recogniser: undefined,
    track: undefined,
    isOver: false,
  };
  const hangUp = (): void => finish(call, { type: 'ended', reason: 'hung-up' });

  return {
    async call() {
      addEventListener('pagehide', hangUp, { once: true });
      try {
        await dial(call);
      } catch (error) {
        release(call);
        throw error;
      }
    },
    hangUp,
    press: (digit) => call.line?.send({ type: 'dtmf', digit }),
    say: (text) => sayText(call, text.trim()),
    speak: (recording) => call.handset?.speak(recording) ?? Promise.resolve(),
    stopSpeaking: () => call.handset?.stopSpeaking(),
    setMuted(isMuted) {
      call.handset?.setMuted(isMuted);
      if (isMuted) call.recogniser?.stop();
      else call.recogniser?.start(call.track);
    },
    resume: () => call.handset?.resume(),
    levels: () => (call.isOver ? undefined : call.handset?.levels()) ?? silence,
    droppedFrames: () => call.line?.uplink.droppedFrames ?? 0,
  };
}

async function dial(call: OpenCall): Promise<void> {
  const { options } = call;
  const { sampleRate = 16_000 } = options;
  const recogniser = options.recogniser && createRecogniser(options.recogniser, recogniserCallbacks(call));
  call.handset = await openHandset({
    workletUrl: options.workletUrl,
    sampleRate,
    onFrame: (frame) => call.line?.uplink.push(frame),
    onReport: (report) => tell(call, report),
    onBlocked: (isBlocked) => options.onEvent({ type: 'blocked', isBlocked }),
  });
  stopIfOver(call);
  if (options.mouthpiece !== 'none') await connectMicrophone(call);
  const destination =
    typeof options.destination === 'function' ? await options.destination() : options.destination;
  stopIfOver(call);
  const { url, token, callId } = destination;
  call.line = await openLine({
    url,
    start: { type: 'start', token, callId, sampleRate, parameters: options.parameters },
    onAudio: (audio) => call.handset?.play(audio),
    onMessage: (message) => obey(call, message),
    onEnded: (error) =>
      finish(call, error ? { type: 'ended', reason: 'failed', error } : { type: 'ended', reason: 'remote' }),
  });
  stopIfOver(call);
  call.recogniser = recogniser;
  recogniser?.start(call.track);
}

async function connectMicrophone(call: OpenCall): Promise<void> {
  const microphone = await openMicrophone();
  if (call.isOver) microphone.getTracks().forEach((track) => track.stop());
  stopIfOver(call);
  call.handset?.listenTo(microphone);
  call.track = microphone.getAudioTracks()[0];
  const lost = new PhoneError('microphone-lost');
  call.track?.addEventListener('ended', () => call.options.onEvent({ type: 'problem', error: lost }));
}

function stopIfOver(call: OpenCall): void {
  if (call.isOver) throw new PhoneError('cancelled');
}

function recogniserCallbacks(call: OpenCall) {
  return {
    positionMs: () => call.line?.uplink.sentMs ?? 0,
    onTranscript: (event: PageTranscript) => call.line?.send({ type: 'transcript', event }),
    onProblem: (error: PhoneError) => call.options.onEvent({ type: 'problem', error }),
  };
}

/** Typed words take no time on the track, but they come as speech does; Enter is the end of the turn. */
function sayText({ line }: OpenCall, text: string): void {
  if (line === undefined || text === '') return;
  const atMs = line.uplink.sentMs;
  const words = { text, startMs: atMs, endMs: atMs };
  line.send({ type: 'transcript', event: { type: 'speech-start', atMs } });
  line.send({ type: 'transcript', event: { type: 'partial', ...words } });
  line.send({ type: 'transcript', event: { type: 'final', ...words } });
  line.send({ type: 'transcript', event: { type: 'speech-end', atMs } });
  line.send({ type: 'transcript', event: { type: 'turn-end', atMs } });
}

function obey({ handset, options }: OpenCall, message: ServerMessage): void {
  if (message.type === 'ready') options.onEvent({ type: 'live', callId: message.callId });
  else if (message.type === 'mark') handset?.mark(message.id, message.generation);
  else handset?.clear(message.clears);
}

function tell({ line, options }: OpenCall, report: PlayOutReport): void {
  if (report.type === 'speaking') options.onEvent(report);
  else line?.send(report);
}

function finish(call: OpenCall, event: Extract<PhoneEvent, { type: 'ended' }>): void {
  if (call.isOver) return;
  const wasLive = call.line !== undefined;
  if (event.reason === 'hung-up') call.line?.send({ type: 'stop' });
  release(call);
  if (wasLive) call.options.onEvent(event);
}

function release(call: OpenCall): void {
  call.isOver = true;
  call.recogniser?.stop();
  call.line?.close();
  call.handset?.close();
}
