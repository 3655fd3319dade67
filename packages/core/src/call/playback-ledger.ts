// What the caller has heard of each reply: queued, sent, played, heard. A reduction of the call log.
import type { TtsWord } from '../spec/tts.js';
import type { CallEvent } from '../spec/call-event.js';

/** One synthesis within a reply. */
interface Segment {
  readonly textStart: number;
  readonly startMs: number;
}

/** One reply's text and how far it came. Times count from the reply's first sample. */
export interface ReplyLedger {
  readonly turnId: number;
  readonly text: string;
  readonly segments: readonly Segment[];
  readonly words: readonly TtsWord[];
  readonly producedMs: number;
  readonly sentMs: number;
  readonly playedMs: number;
}

/** The reply in progress, if any; finished ones are history. */
export type PlaybackLedger = ReplyLedger | undefined;

/** A word counts as played when at most this much of it is outstanding: one frame of a telephone. */
const toleranceMs = 20;

/** Slow speech without timings: what a character may take while its segment is still being produced. */
const msPerCharacter = 60;

export function reduceLedger(ledger: PlaybackLedger, event: CallEvent): PlaybackLedger {
  if (event.type === 'reply-started') {
    return { turnId: event.turnId, text: '', segments: [], words: [], producedMs: 0, sentMs: 0, playedMs: 0 };
  }
  if (ledger === undefined || !('turnId' in event) || event.turnId !== ledger.turnId) return ledger;
  switch (event.type) {
    case 'agent-text':
      return { ...ledger, text: ledger.text + event.text };
    case 'agent-segment':
      // Words it begins with are said again: what a voice that died told of them never came true.
      return {
        ...ledger,
        segments: [...ledger.segments, event],
        words: ledger.words.filter(({ textStart }) => textStart < event.textStart),
      };
    case 'agent-words':
      return { ...ledger, words: [...ledger.words, ...event.words] };
    case 'agent-audio':
      return { ...ledger, producedMs: event.producedMs, sentMs: event.sentMs };
    case 'agent-played':
    case 'agent-paused':
      return { ...ledger, playedMs: Math.max(ledger.playedMs, event.playedMs) };
    case 'agent-resumed':
      return { ...ledger, sentMs: event.fromMs };
    case 'agent-heard':
      return undefined;
    default:
      return ledger;
  }
}

/** The text whose audio was wholly played by `playedMs`. */
export function heardText(ledger: ReplyLedger, playedMs = ledger.playedMs): string {
  let end = 0;
  for (const [index, segment] of ledger.segments.entries()) {
    if (playedMs <= segment.startMs) break;
    end = Math.max(end, heardEnd(ledger, segment, ledger.segments[index + 1], playedMs));
  }
  return withTrailingPunctuation(ledger.text, end);
}

/** With the word that is being played, or is next: who answers a question may do so into its last word. */
export function nearlyHeardText(ledger: ReplyLedger): string {
  const text = ledger.text.trimStart();
  const heard = heardText(ledger);
  return heard + (/^\s*\S+/.exec(text.slice(heard.length))?.[0] ?? '');
}

function heardEnd(
  ledger: ReplyLedger,
  segment: Segment,
  next: Segment | undefined,
  playedMs: number,
): number {
  const textEnd = next?.textStart ?? ledger.text.length;
  const words = ledger.words.filter((word) => word.textStart >= segment.textStart && word.textEnd <= textEnd);
  if (words.length > 0) {
    const heard = words.filter((word) => word.endMs <= playedMs + toleranceMs);
    return heard.reduce((end, word) => Math.max(end, word.textEnd), 0);
  }
  const text = ledger.text.slice(segment.textStart, textEnd);
  const endMs = next?.startMs ?? Math.max(ledger.producedMs, segment.startMs + text.length * msPerCharacter);
  if (playedMs + toleranceMs >= endMs) return textEnd;
  const characters = Math.floor(((playedMs - segment.startMs) / (endMs - segment.startMs)) * text.length);
  return segment.textStart + Math.max(0, text.lastIndexOf(' ', characters));
}

function withTrailingPunctuation(text: string, end: number): string {
  if (end === 0) return '';
  const rest = /^[^\s\p{L}\p{N}]+(?=\s|$)/u.exec(text.slice(end));
  return text.slice(0, end + (rest?.[0].length ?? 0)).trim();
}

/** Where a reply goes on after an interruption that was none: the start of the first word not wholly played. */
export function firstUnheardMs(ledger: ReplyLedger, playedMs: number): number {
  let startMs = Infinity;
  for (const word of ledger.words) {
    if (word.endMs > playedMs + toleranceMs) startMs = Math.min(startMs, word.startMs);
  }
  return Math.min(startMs, playedMs);
}
