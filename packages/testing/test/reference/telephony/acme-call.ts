// One call over one socket: Acme's messages as media events, our words as its messages.
import {
  classOfCloseCode,
  createEventQueue,
  ProviderError,
  type AudioFormat,
  type ErrorClass,
  type EventQueue,
  type MediaConnection,
  type MediaEvent,
  type MediaOpenOptions,
} from '@voicewire/core/adapter';
import { readMessage, say, type AcmeMessage, type AcmeMessageOf } from './acme-media.js';
import { createTrack, type Track } from './acme-track.js';

export const format: AudioFormat = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };
export const frameMs = 20;

/** Messages in a row that were of no use, after which nobody sensible is at the other end. */
const maxSkippedInRow = 50;

interface State {
  readonly options: MediaOpenOptions;
  readonly queue: EventQueue<MediaEvent>;
  readonly tracks: Map<string, Track>;
  stream: string | undefined;
  clears: number;
  skippedInRow: number;
}

export function openAcmeCall(options: MediaOpenOptions): MediaConnection {
  const { socket, signal } = options;
  const queue = createEventQueue<MediaEvent>({
    signal,
    highWater: 4096,
    onFull: () => fail(state, 'capacity', 'nobody read its events'),
    onCancel: () => socket.close(1000),
  });
  const state: State = { options, queue, tracks: new Map(), stream: undefined, clears: 0, skippedInRow: 0 };
  if (queue.isOver) socket.close(1000);

  function tell(message: (stream: string) => string): void {
    if (!queue.isOver && state.stream !== undefined) socket.send(message(state.stream));
  }
  return {
    send(audio) {
      if (audio.length > 0) tell((stream) => say.audio(stream, audio));
    },
    mark: (id, generation) => tell((stream) => say.mark(stream, id, generation)),
    clear() {
      state.clears += 1;
      tell(say.clear);
    },
    sendDtmf: (digits) => tell((stream) => say.keys(stream, digits)),
    close: () => finish(state),
    get buffered() {
      return socket.buffered;
    },
    receive: (message) => receive(state, message),
    disconnected: (code) =>
      fail(state, classOfCloseCode(code), `the carrier closed it without a stop (${code})`),
    [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
  };
}

function finish({ queue, options }: State): void {
  if (queue.isOver) return;
  queue.finish();
  options.socket.close(1000);
}

function fail({ queue, options }: State, errorClass: ErrorClass, why: string): void {
  if (queue.isOver) return;
  const message = `A media stream ended: ${why}.`;
  queue.fail(new ProviderError({ class: errorClass, provider: 'acme', stage: 'telephony', message }));
  options.socket.close(1008);
}

function receive(state: State, data: string | Uint8Array): void {
  if (state.queue.isOver) return;
  const message = readMessage(data);
  const reason = message === 'unreadable' ? message : take(state, message);
  state.skippedInRow = reason === undefined ? 0 : state.skippedInRow + 1;
  if (reason === undefined) return;
  state.queue.push({ type: 'skipped', reason, count: 1 });
  if (state.skippedInRow >= maxSkippedInRow)
    fail(state, 'protocol', `${state.skippedInRow} messages in a row were of no use`);
}

/** Uses a message, or says why it is of no use. */
function take(state: State, message: AcmeMessage): string | undefined {
  const { queue } = state;
  if (message.type === 'start') return state.stream === undefined ? start(state, message) : 'second-start';
  if (state.stream === undefined) return 'before-start';
  if (message.stream !== state.stream) return 'foreign-stream';
  switch (message.type) {
    case 'audio':
      return takeFrame(state, message);
    case 'key':
      queue.push({ type: 'dtmf', digit: message.digit, track: message.track });
      return undefined;
    case 'mark':
      queue.push({ type: 'mark', id: message.id, generation: message.generation });
      return undefined;
    case 'played':
      queue.push({ type: 'played', playedMs: message.playedMs, generation: state.clears });
      return undefined;
    case 'text':
      queue.push({ type: 'transcript', track: message.track, event: message.event });
      return undefined;
    case 'stop':
      queue.push({ type: 'stop', reason: 'hangup' });
      finish(state);
      return undefined;
  }
}

function start(state: State, { call, stream, token, parameters, tracks }: AcmeMessageOf<'start'>): undefined {
  const { onAudio } = state.options;
  state.stream = stream;
  for (const label of tracks)
    state.tracks.set(
      label,
      createTrack(frameMs, (audio, atMs) => onAudio(label, audio, atMs)),
    );
  const labelled = tracks.map((label) => ({ label, format }));
  state.queue.push({
    type: 'start',
    callId: call,
    streamId: stream,
    token,
    parameters,
    tracks: labelled,
    outbound: format,
  });
}

function takeFrame(state: State, { track, sequence, audio }: AcmeMessageOf<'audio'>): string | undefined {
  const known = state.tracks.get(track);
  if (known === undefined) return 'unknown-track';
  return known.accept(sequence, Buffer.from(audio, 'base64')) ? undefined : 'duplicate';
}
