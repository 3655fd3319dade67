// One page's call over one socket, as core sees it: opened, spoken to, closed.
import {
  classOfCloseCode,
  createEventQueue,
  createSkipCounter,
  systemClock,
  type MediaConnection,
  type MediaEvent,
} from '@voicewire/core/adapter';
import { markKey, receive } from './browser-inbound.js';
import {
  command,
  end,
  fail,
  leave,
  type BrowserMediaOptions,
  type Session,
  type StartedCall,
} from './browser-session.js';

/** Half a minute at 16 kHz: past it nothing is added. */
const maxQueuedBytes = 1_048_576;
const stuckAfterMs = 5_000;
const maxWaitingEvents = 1_024;

/** Speaks with the page at the other end of `socket`; nothing can be sent before its `start`. */
export function openBrowserMedia(options: BrowserMediaOptions): MediaConnection {
  const { socket, signal, clock = systemClock } = options;
  const events = createEventQueue<MediaEvent>({
    signal,
    highWater: maxWaitingEvents,
    onFull: () => fail(session, 'capacity', 'its events come faster than they are read'),
    onCancel: () => leave(session),
  });
  const session: Session = {
    options,
    now: () => clock.now(),
    events,
    skips: createSkipCounter((reason, count) => events.push({ type: 'skipped', reason, count })),
    call: undefined,
    skippedInRow: 0,
    marks: new Map(),
    clears: 0,
    generation: 0,
    sentMs: 0,
    playedMs: 0,
    stuckSinceMs: undefined,
  };
  if (events.isOver) leave(session);

  return {
    send: (audio) => sendAudio(session, audio),
    mark: (id, generation) => sendMark(session, id, generation),
    clear: () => sendClear(session),
    close: () => end(session),
    get buffered() {
      return socket.buffered;
    },
    receive: (message) => receive(session, message),
    disconnected: (code) =>
      fail(session, classOfCloseCode(code), 'the page went away without hanging up', code),
    [Symbol.asyncIterator]: () => events[Symbol.asyncIterator](),
  };
}

function sendAudio(session: Session, audio: Uint8Array): void {
  const call = writableCall(session);
  if (call === undefined || audio.length === 0) return;
  session.sentMs += audio.length / call.bytesPerMs;
  session.options.socket.send(audio);
}

/** What stands behind audio that was not sent is not asked for, and so never answered. */
function sendMark(session: Session, id: string, generation: number): void {
  if (writableCall(session) === undefined) return;
  session.generation = generation;
  session.marks.set(markKey(id, generation), session.clears);
  command(session, { type: 'mark', id, generation });
}

function sendClear(session: Session): void {
  if (session.call === undefined || session.events.isOver) return;
  session.clears += 1;
  session.generation += 1;
  session.sentMs = 0;
  session.playedMs = 0;
  command(session, { type: 'clear', clears: session.clears });
}

/** The call, where it has begun, goes on, and its page reads what it is sent. What can't be sent is counted. */
function writableCall(session: Session): StartedCall | undefined {
  if (session.events.isOver) return undefined;
  if (session.call === undefined) session.skips.add('sent before start');
  else if (isStuck(session)) session.skips.add('sent to a page that does not read');
  else return session.call;
  return undefined;
}

/** Whether the page has stopped reading. After a while the call is given up. */
function isStuck(session: Session): boolean {
  if (session.options.socket.buffered <= maxQueuedBytes) {
    session.stuckSinceMs = undefined;
    return false;
  }
  session.stuckSinceMs ??= session.now();
  const stuckMs = session.now() - session.stuckSinceMs;
  if (stuckMs >= stuckAfterMs)
    fail(session, 'stalled', `the page has read nothing for ${Math.round(stuckMs)} ms`);
  return true;
}
