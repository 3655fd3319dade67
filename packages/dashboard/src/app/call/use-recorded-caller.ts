// A recorded caller who takes turns: says the next line when the agent is done.
import { useEffect, useState } from 'react';
import { loadRecording, type RecordedCaller } from '../api/demo.js';
import { isReplying } from './conversation.js';
import type { CallControls } from './use-call.js';

/** How long people wait before they answer. */
const afterReplyMs = 900;
/** How long before the next line is said although no reply came. */
const withoutReplyMs = 9_000;

export interface RecordedCallerControls {
  /** Index of the line being said. */
  readonly current: number | undefined;
  /** Lines that were said in this call. */
  readonly said: ReadonlySet<number>;
  /** Says the next line by itself when the agent is done. */
  readonly isAutomatic: boolean;
  readonly setAutomatic: (isAutomatic: boolean) => void;
  /** Says a line now, also into the agent's word. */
  readonly speak: (index: number) => void;
}

export function useRecordedCaller(
  call: CallControls,
  caller: RecordedCaller | undefined,
): RecordedCallerControls {
  const { status, conversation } = call.state;
  const [said, setSaid] = useState<ReadonlySet<number>>(new Set());
  const [current, setCurrent] = useState<number>();
  const [isAutomatic, setAutomatic] = useState(true);
  const [repliesBefore, setRepliesBefore] = useState(0);
  const isLive = status === 'live';
  const replies = conversation.entries.filter(({ kind }) => kind === 'agent').length;

  useEffect(() => {
    if (!isLive) return undefined;
    setSaid(new Set());
    setRepliesBefore(0);
    return () => setCurrent(undefined);
  }, [isLive, caller]);

  function speak(index: number): void {
    const utterance = caller?.utterances[index];
    const phone = call.phone();
    if (utterance === undefined || phone === undefined) return;
    setCurrent(index);
    setRepliesBefore(replies);
    setSaid((lines) => new Set([...lines, index]));
    const finish = (): void => setCurrent((line) => (line === index ? undefined : line));
    loadRecording(utterance)
      .then((recording) => phone.speak(recording))
      .catch(call.report)
      .finally(finish);
  }

  const next = caller?.utterances.findIndex((_, index) => !said.has(index)) ?? -1;
  const isQuiet = isLive && current === undefined && !isReplying(conversation);
  const wasAnswered = replies > repliesBefore;

  useEffect(() => {
    if (!isAutomatic || !isQuiet || next < 0) return undefined;
    const timer = setTimeout(() => speak(next), wasAnswered ? afterReplyMs : withoutReplyMs);
    return () => clearTimeout(timer);
    // Only what decides when to speak may start the wait again.
  }, [isAutomatic, isQuiet, next, wasAnswered]);

  return { current, said, isAutomatic, setAutomatic, speak };
}
