// One reply from its decision to the caller's ear: think, speak, play, and the record of what was heard.
import { workIsOver } from '../resilience/attempt.js';
import type { CallEventBody, ReplyOutcome, ReplyTrigger } from '../spec/call-event.js';
import { firstUnheardMs, heardText, type PlaybackLedger } from './playback-ledger.js';
import type { Player } from './player.js';
import type { Voice, VoiceReply } from './speak.js';
import type { CallAction } from './built-in-tools.js';

/** What a reply says: a fixed line, rendered audio for one, or whatever the model comes up with. */
export type ReplyContent =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'rendered'; readonly text: string; readonly audio: Uint8Array }
  | { readonly kind: 'thought'; readonly think: (reply: ThinkingReply) => Promise<CallAction | undefined> };

export interface ThinkingReply {
  readonly signal: AbortSignal;
  readonly released: Promise<void>;
  readonly voice: VoiceReply;
}

export interface ReplyRequest {
  readonly turnId: number;
  readonly trigger: ReplyTrigger;
  readonly utterance: number;
  readonly content: ReplyContent;
  /** Nothing may be heard and no tool may run before `resume`. */
  readonly paused: boolean;
  /** The caller heard all of it. Not called after `stop` or a failure. */
  readonly onHeard: (action: CallAction | undefined) => void;
  readonly onFailed: (error: unknown) => void;
}

export interface ReplyParts {
  readonly voice: Voice;
  readonly player: Player;
  readonly ledger: () => PlaybackLedger;
  readonly dispatch: (body: CallEventBody) => void;
}

/** A reply under way. */
export interface AgentReply {
  readonly turnId: number;
  readonly trigger: ReplyTrigger;
  /** What was taken back, or never given out, waits for `resume`. */
  isPaused(): boolean;
  pause(): void;
  resume(): void;
  /** Ends it now; the record keeps what was heard. */
  stop(outcome: ReplyOutcome): void;
}

export function startReply(request: ReplyRequest, parts: ReplyParts): AgentReply {
  const { turnId, trigger, utterance } = request;
  const controller = new AbortController();
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isOver = false;
  let { paused: isPaused } = request;

  parts.dispatch({ type: 'reply-started', turnId, trigger, utterance });
  const fail = (error: unknown): void => {
    if (isOver) return;
    finish('failed');
    request.onFailed(error);
  };
  const voice = parts.voice.begin(turnId, controller.signal, fail);
  if (request.paused) parts.player.pause();
  else release();

  const finish = (outcome: ReplyOutcome): void => {
    if (isOver) return;
    isOver = true;
    const ledger = parts.ledger();
    const playedMs = outcome === 'heard' ? (ledger?.producedMs ?? 0) : parts.player.stop();
    const text =
      ledger === undefined ? '' : outcome === 'heard' ? ledger.text.trim() : heardText(ledger, playedMs);
    controller.abort(workIsOver);
    release();
    parts.dispatch({ type: 'agent-heard', turnId, text, outcome, playedMs });
  };

  void produce(request.content, { signal: controller.signal, released, voice }).then((action) => {
    if (isOver) return;
    parts.player.finish(() => {
      if (isOver) return;
      finish('heard');
      request.onHeard(action);
    });
  }, fail);

  return {
    turnId,
    trigger,
    isPaused: () => isPaused && !isOver,
    pause() {
      if (isOver) return;
      isPaused = true;
      parts.dispatch({ type: 'agent-paused', turnId, playedMs: parts.player.pause() });
    },
    resume() {
      if (isOver || !isPaused) return;
      isPaused = false;
      const ledger = parts.ledger();
      const fromMs = ledger === undefined ? 0 : firstUnheardMs(ledger, ledger.playedMs);
      parts.dispatch({ type: 'agent-resumed', turnId, fromMs });
      release();
      parts.player.resume(fromMs);
    },
    stop: finish,
  };
}

async function produce(content: ReplyContent, reply: ThinkingReply): Promise<CallAction | undefined> {
  const { voice } = reply;
  switch (content.kind) {
    case 'line':
      voice.say(content.text);
      await voice.end();
      return undefined;
    case 'rendered':
      voice.sayRendered(content.text, content.audio);
      await voice.end();
      return undefined;
    case 'thought': {
      const action = await content.think(reply);
      await voice.end();
      return action;
    }
  }
}
