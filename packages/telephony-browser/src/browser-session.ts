// What is known of one page's call, and the ways it ends.
import {
  ProviderError,
  type AudioFormat,
  type ErrorClass,
  type EventQueue,
  type MediaEvent,
  type MediaOpenOptions,
  type SkipCounter,
} from '@voicewire/core/adapter';
import type { ServerMessage } from './browser-wire.js';

export interface BrowserMediaOptions extends MediaOpenOptions {
  /** Labels a page may use; the first is the default. */
  readonly allowedTracks: readonly string[];
  /** The calls that go on, so that one can be hung up; kept by the adapter. */
  readonly calls: Set<Session>;
}

/** What the page's `start` settled. */
export interface StartedCall {
  readonly id: string;
  readonly outbound: AudioFormat;
  readonly tracks: readonly string[];
  readonly bytesPerMs: number;
  readonly startedAtMs: number;
  /** A frame in which nothing is heard: stands for those that a stuck network swallowed. */
  readonly silence: Uint8Array;
  /** The number of the next frame, by track. */
  readonly nextFrame: number[];
}

export interface Session {
  readonly options: BrowserMediaOptions;
  readonly now: () => number;
  readonly events: EventQueue<MediaEvent>;
  readonly skips: SkipCounter;
  call: StartedCall | undefined;
  skippedInRow: number;
  /** Marks the page has not answered, with the number of clears before them. */
  readonly marks: Map<string, number>;
  /** How often `clear` was called: what the page counts by. */
  clears: number;
  /** What our caller counts by: its marks tell, and it grows with each clear. */
  generation: number;
  /** Sent and played since the last clear. */
  sentMs: number;
  playedMs: number;
  stuckSinceMs: number | undefined;
}

export function command({ options }: Session, message: ServerMessage): void {
  options.socket.send(JSON.stringify(message));
}

/** The caller hung up, or was hung up. */
export function hangUp(session: Session): void {
  session.events.push({ type: 'stop', reason: 'hangup' });
  end(session);
}

export function end(session: Session): void {
  if (session.events.isOver) return;
  session.skips.flush();
  session.events.finish();
  leave(session);
}

export function fail(session: Session, errorClass: ErrorClass, what: string, status?: number): void {
  if (session.events.isOver) return;
  session.skips.flush();
  const message = `The browser call ended: ${what}.`;
  session.events.fail(
    new ProviderError({ class: errorClass, provider: 'browser', stage: 'telephony', message, status }),
  );
  leave(session, errorClass === 'protocol' ? 1008 : 1011);
}

/** Whatever the end was: the socket is closed and the call can't be hung up any more. */
export function leave(session: Session, code = 1000): void {
  session.options.calls.delete(session);
  session.options.socket.close(code);
}
