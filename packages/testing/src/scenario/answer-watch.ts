// Whether the agent has answered, by the call's log: how long a model thinks, or whether speech is pausing or over, can't be heard.
import type { CallEvent } from '@voicewire/core';

export interface AnswerWatch {
  /** Events read so far: a place in the log. */
  readonly seq: number;
  /** Where words of the reply that is being spoken end, in ms from its first sample, as far as its voice tells. */
  readonly wordEndsMs: readonly number[];
  /** The caller did something that wants an answer. */
  ask(): void;
  read(event: CallEvent): void;
  /** The agent answered the last thing that was said, and was heard to the end. */
  isAnswered(): boolean;
}

export function createAnswerWatch(greets: boolean): AnswerWatch {
  let seq = 0;
  let isAnswered = !greets;
  let reply: number | undefined;
  let wordEndsMs: number[] = [];
  return {
    get seq() {
      return seq;
    },
    get wordEndsMs() {
      return wordEndsMs;
    },
    ask() {
      isAnswered = false;
      reply = undefined;
    },
    read(event) {
      seq = event.seq;
      if (event.type === 'reply-started') {
        reply = event.turnId;
        wordEndsMs = [];
      }
      if (event.type === 'agent-words') wordEndsMs.push(...event.words.map(({ endMs }) => endMs));
      const isOver = event.type === 'agent-heard' && event.turnId === reply;
      // Whoever hands the caller over without a word has not answered, and whoever does it with words is not the last to speak.
      if (isOver && event.outcome === 'heard' && event.text !== '') isAnswered = true;
      if (event.type === 'handoff') isAnswered = false;
    },
    isAnswered: () => isAnswered,
  };
}
