// What holds for every call, whatever happens in it. Each check names the invariant it is about.
import type { CallEvent } from '@voicewire/core';
import { wordsAsHeard } from '../oracle/word-code.js';
import type { SimulatedCall } from './simulate-call.js';

/** Nothing happens for longer only where last words are waited for. */
const maxQuietMs = 31_000;
/** From the decision to answer until something is heard, or given up. */
const maxThinkingMs = 12_500;

/** What does not hold and should; nothing where all is well. No text of the call in it. */
export function checkCall(call: SimulatedCall): readonly string[] {
  return [
    ...checkLog(call),
    ...checkReplies(call),
    ...checkHearing(call),
    ...checkProgress(call),
    ...checkEnd(call),
  ];
}

function checkLog({ events }: SimulatedCall): readonly string[] {
  const problems: string[] = [];
  if (events.at(-1)?.type !== 'call-ended') problems.push('log: the last event is not the end');
  if (events.some(({ seq }, index) => seq !== index + 1)) problems.push('log: gaps in the numbers');
  if (events.some(({ atMs }, index) => atMs < (events[index - 1]?.atMs ?? 0)))
    problems.push('log: time runs back');
  return problems;
}

function checkReplies({ events }: SimulatedCall): readonly string[] {
  const problems: string[] = [];
  const started = new Map<number, number>();
  const ended = new Set<number>();
  const answered = new Set<number>();
  for (const event of events) {
    if (event.type === 'reply-started') {
      if (started.has(event.turnId)) problems.push('reply: one number for two');
      started.set(event.turnId, event.utterance);
    }
    if (event.type !== 'agent-heard') continue;
    const utterance = started.get(event.turnId);
    if (utterance === undefined || ended.has(event.turnId))
      problems.push('reply: an end without a beginning');
    ended.add(event.turnId);
    if (utterance === undefined || utterance === 0 || event.text === '') continue;
    if (answered.has(utterance)) problems.push('reply: one utterance was answered twice');
    answered.add(utterance);
  }
  if (started.size !== ended.size) problems.push('reply: one that never ended');
  return problems;
}

/** Heard is within sent, sent is within said, and the history is what was heard. */
function checkHearing({ events, heard, result }: SimulatedCall): readonly string[] {
  const problems: string[] = [];
  const said = new Map<number, string>();
  const sent = new Map<number, { readonly producedMs: number; readonly sentMs: number }>();
  for (const event of events) {
    if (event.type === 'agent-text') said.set(event.turnId, (said.get(event.turnId) ?? '') + event.text);
    if (event.type === 'agent-audio') {
      if (event.sentMs > event.producedMs + 1) problems.push('hearing: more was sent than said');
      sent.set(event.turnId, event);
    }
    if (event.type === 'agent-played' && event.playedMs > (sent.get(event.turnId)?.sentMs ?? 0) + 1)
      problems.push('hearing: more was played than sent');
    if (
      event.type === 'agent-heard' &&
      !isWithin(wordsAsHeard(event.text), wordsAsHeard(said.get(event.turnId) ?? ''))
    )
      problems.push('hearing: more was heard than said');
  }
  const remembered = result.messages.flatMap(({ role, content }) =>
    role === 'assistant' ? wordsAsHeard(content) : [],
  );
  // Letter by letter: a word that was cut off, or that a stuttering voice said in two, is heard in pieces.
  if (!isWithin([...remembered.join('')], [...heard.join('')]))
    problems.push('hearing: more is remembered than was heard');
  return problems;
}

function isWithin(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const item of part) {
    at = whole.indexOf(item, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

function checkProgress({ events }: SimulatedCall): readonly string[] {
  const problems: string[] = [];
  let thinkingSince: { readonly turnId: number; readonly atMs: number } | undefined;
  for (const [index, event] of events.entries()) {
    const quietMs = event.atMs - (events[index - 1]?.atMs ?? 0);
    if (quietMs > maxQuietMs) problems.push(`progress: nothing happened for ${Math.round(quietMs)} ms`);
    if (thinkingSince !== undefined && event.atMs - thinkingSince.atMs > maxThinkingMs)
      problems.push('progress: an answer was neither begun nor given up in time');
    thinkingSince = thinkingAfter(thinkingSince, event);
  }
  return problems;
}

function thinkingAfter(
  before: { readonly turnId: number; readonly atMs: number } | undefined,
  event: CallEvent,
): { readonly turnId: number; readonly atMs: number } | undefined {
  switch (event.type) {
    case 'reply-started':
      return event.utterance > 0 ? event : undefined;
    case 'agent-audio':
    case 'agent-heard':
      return event.turnId === before?.turnId ? undefined : before;
    // Speech, pauses of the caller and tools at work move the limit.
    case 'agent-paused':
    case 'agent-resumed':
    case 'speech-started':
    case 'tool-started':
    case 'dtmf':
      return undefined;
    default:
      return before;
  }
}

function checkEnd({ events, listeners }: SimulatedCall): readonly string[] {
  const problems: string[] = [];
  const count = (type: CallEvent['type']): number => events.filter((event) => event.type === type).length;
  if (count('call-ended') !== 1) problems.push('end: not exactly one');
  if (count('tool-started') !== count('tool-finished')) problems.push('end: a tool is still at work');
  if (listeners > 0) problems.push(`end: ${listeners} listeners left on the signal of the application`);
  return problems;
}

/** Nothing said to one call, or by it, turns up in another. */
export function checkCrossTalk(
  calls: readonly SimulatedCall[],
): readonly (readonly [SimulatedCall, string])[] {
  const tokens = new Set(calls.map(({ token }) => token));
  return calls.flatMap((call) => {
    const told = JSON.stringify([call.events, call.result, call.heard]) + call.asked;
    const found = new Set(told.match(/caller[a-z]{2}q/g) ?? []);
    const foreign = [...found].filter((token) => token !== call.token && tokens.has(token));
    return foreign.length === 0 ? [] : [[call, 'cross-talk: something of another call turned up'] as const];
  });
}
