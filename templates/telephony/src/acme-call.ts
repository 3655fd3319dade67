// One call's media on one socket: from its start message to its stop.
import {
  type AudioFormat,
  classOfCloseCode,
  createEventQueue,
  durationMs,
  type ErrorClass,
  type EventQueue,
  type MediaConnection,
  type MediaEvent,
  type MediaOpenOptions,
  ProviderError,
} from '@voicewire/core/adapter';
import {
  clearMessage,
  type MediaMessage,
  readMarkName,
  readMessage,
  writeAudio,
  writeMark,
} from './acme-media.js';

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };

/** Messages in a row that are of no use before the socket is given up. */
const maxSkippedInRow = 50;
/** Bytes of ours in the socket's queue above which nothing is added to it. */
const maxBufferedBytes = 1024 * 1024;
/** Events nobody has read at which the reader is taken for dead. */
const maxUnreadEvents = 4096;

interface CallState {
  readonly options: MediaOpenOptions;
  readonly queue: EventQueue<MediaEvent>;
  streamId: string | undefined;
  heardBytes: number;
  skippedInRow: number;
}

/** Speaks with Acme over a socket that somebody else owns. */
export function openCall(options: MediaOpenOptions): MediaConnection {
  const { socket, signal } = options;
  const queue = createEventQueue<MediaEvent>({
    signal,
    highWater: maxUnreadEvents,
    onFull: () => fail(call, 'capacity', 'too many of its events were waiting to be read'),
    onCancel: () => socket.close(1000),
  });
  const call: CallState = { options, queue, streamId: undefined, heardBytes: 0, skippedInRow: 0 };
  if (queue.isOver) socket.close(1000);
  return {
    send: (audio) => {
      if (audio.length > 0) say(call, () => writeAudio(audio));
    },
    mark: (id, generation) => say(call, () => writeMark(id, generation)),
    clear: () => {
      if (!queue.isOver && call.streamId !== undefined) socket.send(clearMessage);
    },
    close: () => finish(call),
    get buffered() {
      return socket.buffered;
    },
    receive: (message) => receive(call, message),
    disconnected: (code) => fail(call, classOfCloseCode(code), `it was closed without a stop (${code})`),
    [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
  };
}

/** A mark shares the fate of its audio: else it would say that something was heard which was left out. */
function say({ options, queue, streamId }: CallState, write: () => string): void {
  if (queue.isOver) return;
  if (streamId === undefined) queue.push({ type: 'skipped', reason: 'outbound-before-start', count: 1 });
  else if (options.socket.buffered <= maxBufferedBytes) options.socket.send(write());
  else queue.push({ type: 'skipped', reason: 'outbound-over-limit', count: 1 });
}

/** From Acme: used, or counted. A socket that sends nothing of use is given up. */
function receive(call: CallState, text: string | Uint8Array): void {
  if (call.queue.isOver) return;
  const message = readMessage(text);
  const reason = typeof message === 'string' ? message : take(call, message);
  call.skippedInRow = reason === undefined ? 0 : call.skippedInRow + 1;
  if (reason !== undefined) call.queue.push({ type: 'skipped', reason, count: 1 });
  if (call.skippedInRow >= maxSkippedInRow) fail(call, 'protocol', 'message after message was of no use');
}

/** Uses a message, or gives the reason why not. */
function take(call: CallState, message: MediaMessage): string | undefined {
  const { queue } = call;
  if (message.event === 'start') return start(call, message);
  if (call.streamId === undefined) return 'before-start';
  if (message.stream !== call.streamId) return 'foreign-stream';
  switch (message.event) {
    case 'audio':
      hear(call, Buffer.from(message.data, 'base64'));
      return undefined;
    case 'digit':
      queue.push({ type: 'dtmf', digit: message.digit, track: 'caller' });
      return undefined;
    case 'mark': {
      const mark = readMarkName(message.name);
      if (mark === undefined) return 'unknown-mark';
      queue.push({ type: 'mark', ...mark });
      return undefined;
    }
    case 'stop':
      queue.push({ type: 'stop', reason: 'hangup' });
      finish(call);
      return undefined;
  }
}

/** Frames come in order and without gaps, so that their place is what came before them. */
function hear(call: CallState, audio: Uint8Array): void {
  call.options.onAudio('caller', audio, durationMs(call.heardBytes, telephone));
  call.heardBytes += audio.length;
}

function start(call: CallState, message: Extract<MediaMessage, { event: 'start' }>): string | undefined {
  if (call.streamId !== undefined) return 'second-start';
  call.streamId = message.stream;
  call.queue.push({
    type: 'start',
    callId: message.call,
    streamId: message.stream,
    token: message.token ?? undefined,
    tracks: [{ label: 'caller', format: telephone }],
    outbound: telephone,
    parameters: message.parameters ?? {},
  });
  return undefined;
}

function finish({ queue, options }: CallState): void {
  if (queue.isOver) return;
  queue.finish();
  options.socket.close(1000);
}

function fail({ queue, options }: CallState, errorClass: ErrorClass, why: string): void {
  if (queue.isOver) return;
  const message = `A media stream of acme ended: ${why}.`;
  queue.fail(new ProviderError({ provider: 'acme', stage: 'telephony', class: errorClass, message }));
  options.socket.close(1008);
}
