// What is expected of an answer, or of all of them, held against the call's log.
import type { CallEvent, CallEventOf } from '@voicewire/core';
import { isDeepStrictEqual } from 'node:util';
import type { AnswerExpectations } from './scenario.js';
import { holds } from './text-pattern.js';

/** What became of one expectation. */
export interface Finding {
  readonly status: 'held' | 'broken' | 'not-checked';
  /** Where it is written, as `script[2].expect.says`. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  /** Call time of what was found, where it has one. */
  readonly atMs?: number | undefined;
}

/** One reply of the agent, from the call's log. */
export interface Reply {
  readonly turnId: number;
  readonly startedSeq: number;
  readonly said: string;
  readonly heard: string;
  readonly outcome: CallEventOf<'agent-heard'>['outcome'] | undefined;
  readonly heardAtMs: number | undefined;
  readonly firstAudioAtMs: number | undefined;
  readonly tools: readonly CallEventOf<'tool-started'>[];
}

/** What is judged. */
export interface Answer {
  readonly path: string;
  readonly replies: readonly Reply[];
  /** How long each answer let the caller wait; without one, nobody spoke. */
  readonly delays: readonly { readonly ms: number; readonly atMs: number }[];
}

export function repliesOf(log: readonly CallEvent[]): readonly Reply[] {
  return log.flatMap((start): Reply[] => {
    if (start.type !== 'reply-started') return [];
    const own = log.filter((event) => 'turnId' in event && event.turnId === start.turnId);
    const heard = own.find((event) => event.type === 'agent-heard');
    return [
      {
        turnId: start.turnId,
        startedSeq: start.seq,
        said: own.map((event) => (event.type === 'agent-text' ? event.text : '')).join(''),
        heard: heard?.text ?? '',
        outcome: heard?.outcome,
        heardAtMs: heard?.atMs,
        firstAudioAtMs: own.find((event) => event.type === 'agent-audio' && event.sentMs > 0)?.atMs,
        tools: own.filter((event) => event.type === 'tool-started'),
      },
    ];
  });
}

/** Each expectation with what was found; none that is not written. */
export function judgeAnswer(expect: AnswerExpectations, answer: Answer): readonly Finding[] {
  const { path, replies } = answer;
  const heard = replies.filter((reply) => reply.heard !== '');
  const text = heard.map((reply) => reply.heard).join(' ');
  const says = (expect.says ?? []).map((pattern): Finding => {
    const place = heard.find((reply) => holds(reply.heard, pattern)) ?? heard.at(-1);
    return {
      status: holds(text, pattern) ? 'held' : 'broken',
      path: `${path}.says`,
      expected: `the agent says ${quote(pattern)}`,
      found: text === '' ? 'nothing was heard of it' : `heard "${text}"`,
      atMs: place?.heardAtMs,
    };
  });
  const absent = (expect.absent ?? []).map((what): Finding => {
    const isText = typeof what === 'string';
    const place = replies.find((reply) =>
      isText ? holds(reply.heard, what) : reply.tools.some(({ name }) => name === what.tool),
    );
    return {
      status: place === undefined ? 'held' : 'broken',
      path: `${path}.absent`,
      expected: isText ? `the agent never says ${quote(what)}` : `${what.tool} is never called`,
      found: place === undefined ? 'it did not happen' : isText ? `heard "${place.heard}"` : 'it was called',
      atMs: place?.heardAtMs,
    };
  });
  return [
    ...says,
    ...judgeDelay(expect.within_ms, answer),
    ...judgeTools(expect.calls_tool, answer),
    ...absent,
  ];
}

function quote(pattern: string): string {
  return pattern.startsWith('/') ? pattern : `"${pattern}"`;
}

function judgeDelay(withinMs: number | undefined, { path, delays }: Answer): readonly Finding[] {
  if (withinMs === undefined) return [];
  const [slowest] = [...delays].sort((a, b) => b.ms - a.ms);
  return [
    {
      status: slowest !== undefined && slowest.ms <= withinMs ? 'held' : 'broken',
      path: `${path}.within_ms`,
      expected: `the agent begins to speak within ${withinMs} ms`,
      found: slowest === undefined ? 'it did not speak' : `it took ${Math.round(slowest.ms)} ms`,
      atMs: slowest?.atMs,
    },
  ];
}

function judgeTools(
  expected: AnswerExpectations['calls_tool'] = [],
  { path, replies }: Answer,
): readonly Finding[] {
  const calls = replies.flatMap(({ tools }) => tools);
  return expected.map(({ name, arguments: wanted }): Finding => {
    const call = calls.find(
      (one) => one.name === name && (wanted === undefined || contains(argumentsOf(one), wanted)),
    );
    const made = calls.map((one) => `${one.name} ${one.argumentsText}`).join(', ');
    return {
      status: call === undefined ? 'broken' : 'held',
      path: `${path}.calls_tool`,
      expected: `${name} is called${wanted === undefined ? '' : ` with ${JSON.stringify(wanted)}`}`,
      found: made === '' ? 'no tool was called' : `called: ${made}`,
      atMs: (call ?? calls[0])?.atMs,
    };
  });
}

/** What a model wrote may be no JSON at all. */
function argumentsOf({ argumentsText }: CallEventOf<'tool-started'>): unknown {
  try {
    return JSON.parse(argumentsText);
  } catch {
    // Then it holds nothing that is expected.
    return undefined;
  }
}

/** Every field of `wanted` is there; lists are compared whole. */
function contains(value: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted))
    return isDeepStrictEqual(value, wanted);
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.entries(wanted).every(([name, inner]) => contains(Reflect.get(value, name), inner))
  );
}
