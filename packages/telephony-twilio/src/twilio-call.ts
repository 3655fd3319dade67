// One call's media on one socket: from its start message to its stop, and everything between that must not disturb it.
import {
  classOfCloseCode,
  createEventQueue,
  createSkipCounter,
  systemClock,
  type ErrorClass,
  type EventQueue,
  type MediaConnection,
  type MediaEvent,
  type MediaOpenOptions,
  type SkipCounter,
} from '@voicewire/core/adapter';
import type { TwilioDialect } from './dialect.js';
import { telephonyError } from './twilio-error.js';
import * as media from './twilio-media.js';
import { createInboundTrack, type InboundTrack } from './twilio-track.js';
import { tokenParameter } from './twilio-twiml.js';

/** The longest message that is read, in UTF-16 units; a frame has some 300. */
const maxMessageLength = 65_536;

/** Events nobody has read at which the reader is taken for dead. One clear may return hundreds of marks. */
const maxUnreadEvents = 4_096;

/** How long the socket's queue may stay full. */
const maxStuckMs = 5_000;

/** Our labels for the carrier's tracks. */
export const trackLabels: Readonly<Record<string, string>> = { inbound: 'caller', outbound: 'agent' };

/** What is known once the stream has started. */
interface Stream {
  readonly id: string;
  readonly writer: media.MediaWriter;
  /** By the carrier's names. */
  readonly tracks: ReadonlyMap<string, InboundTrack>;
}

interface CallState {
  readonly dialect: TwilioDialect;
  readonly options: MediaOpenOptions;
  readonly queue: EventQueue<MediaEvent>;
  readonly skips: SkipCounter;
  stream: Stream | undefined;
  /** Messages in a row that were of no use. */
  skippedInRow: number;
  /** Since when the socket's queue has been full. */
  fullSinceMs: number | undefined;
}

/** Speaks with the carrier over a socket that somebody else owns. */
export function openCall(dialect: TwilioDialect, options: MediaOpenOptions): MediaConnection {
  const { socket, signal } = options;
  const queue = createEventQueue<MediaEvent>({
    signal,
    highWater: maxUnreadEvents,
    onFull: () => fail(call, 'capacity', 'too many of its events were waiting to be read'),
    onCancel: () => socket.close(1000),
  });
  if (queue.isOver) socket.close(1000);
  const skips = createSkipCounter((reason, count) => queue.push({ type: 'skipped', reason, count }));
  const call: CallState = {
    dialect,
    options,
    queue,
    skips,
    stream: undefined,
    skippedInRow: 0,
    fullSinceMs: undefined,
  };
  return {
    send(audio) {
      // The carrier takes an empty payload for a broken one.
      if (audio.length > 0) say(call, (writer) => writer.media(audio));
    },
    mark: (id, generation) => say(call, (writer) => writer.mark(id, generation)),
    clear() {
      if (!queue.isOver && call.stream !== undefined) socket.send(call.stream.writer.clear);
    },
    close: () => finish(call),
    get buffered() {
      return socket.buffered;
    },
    receive: (message) => receive(call, message),
    disconnected: (code) =>
      fail(call, classOfCloseCode(code), `the carrier closed it without a stop (${code})`, code),
    [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
  };
}

function finish({ queue, skips, options }: CallState): void {
  if (queue.isOver) return;
  skips.flush();
  queue.finish();
  options.socket.close(1000);
}

function fail(call: CallState, errorClass: ErrorClass, why: string, status?: number): void {
  if (call.queue.isOver) return;
  call.skips.flush();
  call.queue.fail(telephonyError(call.dialect, errorClass, `A media stream ended: ${why}.`, { status }));
  call.options.socket.close(1008);
}

/** To the carrier. A mark shares the fate of its audio: else it would say that something was heard which was left out. */
function say(call: CallState, toText: (writer: media.MediaWriter) => string): void {
  const { queue, skips, stream, dialect } = call;
  const { socket, clock = systemClock } = call.options;
  if (queue.isOver) return;
  if (stream === undefined) {
    skips.add('outbound-before-start');
  } else if (socket.buffered <= dialect.maxBufferedBytes) {
    call.fullSinceMs = undefined;
    socket.send(toText(stream.writer));
  } else {
    skips.add('outbound-over-limit');
    call.fullSinceMs ??= clock.now();
    if (clock.now() - call.fullSinceMs < maxStuckMs) return;
    fail(call, 'stalled', `the carrier took nothing from it for ${maxStuckMs} ms`);
  }
}

/** From the carrier: used, or counted. */
function receive(call: CallState, text: string | Uint8Array): void {
  if (call.queue.isOver) return;
  const reason = take(call, text);
  call.skippedInRow = reason === undefined ? 0 : call.skippedInRow + 1;
  if (reason === undefined) return;
  call.skips.add(reason);
  if (call.skippedInRow < call.dialect.maxSkippedInRow) return;
  fail(call, 'protocol', `${call.skippedInRow} messages in a row were of no use, the last ${reason}`);
}

/** Uses a message, or gives the reason why not. */
function take(call: CallState, text: string | Uint8Array): string | undefined {
  if (typeof text !== 'string') return 'binary';
  if (text.length > maxMessageLength) return 'too-long';
  const { stream } = call;
  const message = media.readMessage(text);
  if (typeof message === 'string') return message;
  if (message.event === 'connected') return undefined;
  if (message.event === 'start') return stream === undefined ? startStream(call, message) : 'second-start';
  if (stream === undefined) return 'before-start';
  if (message.streamSid !== stream.id) return 'foreign-stream';
  if (message.event === 'media') return takeFrame(stream, message.media);
  if (message.event === 'mark') return takeMark(call, message.mark.name);
  if (message.event === 'dtmf') {
    const track = trackLabels[message.dtmf.track?.replace(/_track$/, '') ?? ''];
    call.queue.push({ type: 'dtmf', digit: message.dtmf.digit, track });
  } else {
    stopStream(call, stream);
  }
  return undefined;
}

function startStream(call: CallState, { streamSid, start }: media.MessageOf<'start'>): string | undefined {
  const { encoding, sampleRate, channels } = start.mediaFormat;
  const format = call.dialect.formats.get(`${encoding} ${sampleRate} ${channels}`);
  if (format === undefined) {
    fail(call, 'protocol', 'its audio format is none of those declared');
    return 'unknown-format';
  }
  const timeline = {};
  const labelOf = (track: string): string => trackLabels[track] ?? track;
  const openTrack = (track: string): InboundTrack => {
    const { onAudio } = call.options;
    const label = labelOf(track);
    return createInboundTrack(format, timeline, (audio, atMs) => {
      onAudio(label, audio, atMs);
    });
  };
  call.stream = {
    id: streamSid,
    writer: media.createMediaWriter(streamSid),
    tracks: new Map(start.tracks.map((track) => [track, openTrack(track)])),
  };
  const { [tokenParameter]: token, ...parameters } = start.customParameters ?? {};
  const tracks = start.tracks.map((track) => ({ label: labelOf(track), format }));
  const ids = { callId: start.callSid, streamId: streamSid, token };
  call.queue.push({ type: 'start', ...ids, tracks, outbound: format, parameters });
  return undefined;
}

function takeFrame(stream: Stream, frame: media.MessageOf<'media'>['media']): string | undefined {
  const track = stream.tracks.get(frame.track);
  if (track === undefined) return 'unknown-track';
  const audio = media.decodePayload(frame.payload);
  return audio ? track.accept({ chunk: frame.chunk, timestampMs: frame.timestamp, audio }) : 'unreadable';
}

function takeMark(call: CallState, name: string): string | undefined {
  const mark = media.readMarkName(name);
  if (mark === undefined) return 'unknown-mark';
  call.queue.push({ type: 'mark', ...mark });
  return undefined;
}

function stopStream(call: CallState, stream: Stream): void {
  for (const track of stream.tracks.values()) track.flush();
  call.skips.flush();
  // The carrier does not say why.
  call.queue.push({ type: 'stop', reason: 'unknown' });
  finish(call);
}
