// What a page sends: checked, put in its place on the track, passed on. Each `take…` gives the reason why a message was of no use.
import type { AudioFormat, SttEvent } from '@voicewire/core/adapter';
import { randomUUID } from 'node:crypto';
import { command, fail, hangUp, type Session, type StartedCall } from './browser-session.js';
import {
  audioKind,
  frameMs,
  headerBytes,
  readPageMessage,
  type PageMessage,
  type PageTranscript,
} from './browser-wire.js';

/** So many messages in a row that can't be used, and the socket is closed. */
const maxSkippedInRow = 50;
/** A page may have dropped this many frames while its network was stuck: one minute. They are filled with silence. */
const maxMissingFrames = 3_000;
/** A gap must not lead further ahead of the call's own time: else one small frame could make hours of silence. */
const maxEarlyMs = 2_000;

export function receive(session: Session, message: string | Uint8Array): void {
  if (session.events.isOver) return;
  const problem = typeof message === 'string' ? takeText(session, message) : takeFrame(session, message);
  session.skippedInRow = problem === undefined ? 0 : session.skippedInRow + 1;
  if (problem === undefined) return;
  session.skips.add(problem);
  if (session.skippedInRow < maxSkippedInRow) return;
  fail(
    session,
    'protocol',
    `${session.skippedInRow} messages in a row could not be used, the last: ${problem}`,
  );
}

function takeText(session: Session, text: string): string | undefined {
  const message = readPageMessage(text);
  if (message === undefined) return 'unreadable message';
  if (message.type === 'start') return session.call ? 'second start' : takeStart(session, message);
  if (session.call === undefined) return 'message before start';
  switch (message.type) {
    case 'dtmf':
      session.events.push(message);
      return undefined;
    case 'mark':
      return takeMark(session, message.id, message.generation);
    case 'played':
      return takePlayed(session, message.playedMs, message.clears);
    case 'transcript':
      return takeTranscript(session, session.call, message.track, message.event);
    case 'stop':
      hangUp(session);
      return undefined;
  }
}

function takeStart(session: Session, message: Extract<PageMessage, { type: 'start' }>): string | undefined {
  const { allowedTracks, calls } = session.options;
  const { sampleRate, token, tracks = allowedTracks.slice(0, 1), parameters = {} } = message;
  if (!tracks.every((label) => allowedTracks.includes(label))) return 'unknown track';
  const outbound: AudioFormat = { encoding: 'pcm_s16le', sampleRate, channels: 1 };
  const id = message.callId ?? `browser-${randomUUID()}`;
  const bytesPerMs = (sampleRate * 2) / 1000;
  session.call = {
    id,
    outbound,
    tracks,
    bytesPerMs,
    startedAtMs: session.now(),
    silence: new Uint8Array(frameMs * bytesPerMs),
    nextFrame: tracks.map(() => 0),
  };
  calls.add(session);
  session.events.push({
    type: 'start',
    callId: id,
    streamId: id,
    token,
    tracks: tracks.map((label) => ({ label, format: outbound })),
    outbound,
    parameters,
  });
  command(session, { type: 'ready', callId: id });
  return undefined;
}

function takeFrame({ call, options, now }: Session, bytes: Uint8Array): string | undefined {
  if (call === undefined) return 'audio before start';
  if (bytes.length !== call.silence.length + headerBytes || bytes[0] !== audioKind) return 'unreadable audio';
  const index = bytes[1] ?? 0;
  const track = call.tracks[index];
  const expected = call.nextFrame[index];
  if (track === undefined || expected === undefined) return 'unknown track';
  const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  if (number < expected) return 'repeated audio';
  const isFromFuture = number > expected && number * frameMs > now() - call.startedAtMs + maxEarlyMs;
  if (isFromFuture || number - expected > maxMissingFrames) return 'audio out of place';
  call.nextFrame[index] = number + 1;
  for (let missing = expected; missing < number; missing += 1) {
    options.onAudio(track, call.silence, missing * frameMs);
  }
  options.onAudio(track, bytes.subarray(headerBytes), number * frameMs);
  return undefined;
}

function takeMark(session: Session, id: string, generation: number): string | undefined {
  if (!session.marks.delete(markKey(id, generation))) return 'unknown mark';
  session.events.push({ type: 'mark', id, generation });
  return undefined;
}

/** A page can't have played what was not sent, nor take back what it played. */
function takePlayed(session: Session, playedMs: number, clears: number): string | undefined {
  // Said before the page knew of the last clear: nobody's mistake, and of no use any more.
  if (clears < session.clears) return undefined;
  const isPossible = playedMs >= session.playedMs && playedMs <= session.sentMs + 1;
  if (!isPossible || clears > session.clears) return 'impossible position';
  session.playedMs = playedMs;
  // Marks from before a clear come no more, but for those whose audio the page's device already had.
  for (const [key, clearsBefore] of session.marks) if (clearsBefore < clears - 1) session.marks.delete(key);
  session.events.push({ type: 'played', playedMs, generation: session.generation });
  return undefined;
}

function takeTranscript(
  session: Session,
  call: StartedCall,
  label: string | undefined,
  event: PageTranscript,
): string | undefined {
  const track = label ?? call.tracks[0];
  if (track === undefined || !call.tracks.includes(track)) return 'unknown track';
  session.events.push({ type: 'transcript', track, event: toSttEvent(event) });
  return undefined;
}

/** What a page's recogniser calls final decides everything up to its end. */
function toSttEvent(event: PageTranscript): SttEvent {
  if (event.type === 'speech-start' || event.type === 'speech-end') return event;
  if (event.type === 'turn-end') return { ...event, eager: false };
  const { text, startMs, endMs, confidence } = event;
  if (event.type === 'partial') return { type: 'partial', text, startMs, endMs };
  return { type: 'final', text, startMs, endMs, settledMs: endMs, words: [], confidence };
}

/** Marks of different generations may have the same id. */
export function markKey(id: string, generation: number): string {
  return `${generation}:${id}`;
}
