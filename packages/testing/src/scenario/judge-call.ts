// A played scenario to findings: every expectation in the order it is written, and every step that was not taken.
import type { CallEvent } from '@voicewire/core';
import { wordsAsHeard } from '../oracle/word-code.js';
import { compareWords } from '../oracle/compare-words.js';
import type { TakenStep } from './follow-script.js';
import { judgeAnswer, repliesOf, type Answer, type Finding, type Reply } from './judge-answer.js';
import type { Scenario, ScenarioFault, ScenarioStage, ScenarioStep } from './scenario.js';

/** What there is to judge. */
export interface PlayedScenario {
  readonly scenario: Scenario;
  readonly log: readonly CallEvent[];
  readonly steps: readonly TakenStep[];
  /** What the agent's audio said at the caller's ear; undefined where voices can't be read back. */
  readonly heardWords: readonly string[] | undefined;
  /** What no rule of the scenario's model answered. */
  readonly unscripted: readonly string[];
  readonly struck: ReadonlySet<ScenarioFault>;
  /** The script itself went wrong. */
  readonly problem: string | undefined;
}

export function judgeCall(played: PlayedScenario): readonly Finding[] {
  const { scenario, problem, unscripted } = played;
  const replies = repliesOf(played.log);
  return [
    ...(problem === undefined ? [] : [broken('script', 'the caller gets through the script', problem)]),
    ...unscripted.map((question) =>
      broken('model', 'a rule for all that the model is asked', `no rule answers ${question}`),
    ),
    ...scenario.script.flatMap((step, index) => judgeStep(step, index, played, replies)),
    ...judgeFaults(played),
    ...judgeAnswer(scenario.expect, wholeCall(played, replies)),
    ...judgeEnd(played),
    ...judgeProviders(played),
    ...judgeWords(played, replies),
  ];
}

/** A fault that never came proves nothing about what would have been. */
function judgeFaults({ scenario, struck }: PlayedScenario): readonly Finding[] {
  return Object.entries(scenario.faults).flatMap(([stage, faults]) =>
    (faults ?? []).flatMap((fault, index) =>
      struck.has(fault)
        ? []
        : [broken(`faults.${stage}[${index}]`, 'the fault strikes', 'the call did not come to its moment')],
    ),
  );
}

function broken(path: string, expected: string, found: string): Finding {
  return { status: 'broken', path, expected, found };
}

function judgeStep(
  step: ScenarioStep,
  index: number,
  { steps, log }: PlayedScenario,
  replies: readonly Reply[],
): readonly Finding[] {
  const path = `script[${index}]`;
  const taken = steps.find((one) => one.index === index);
  const end = log.findLast((event) => event.type === 'call-ended');
  const over = `the call was over (${end?.reason ?? 'unknown'})`;
  const speaks = [step.say, step.wav, step.press, step.barge_in].some((kind) => kind !== undefined);
  if (step.hang_up !== true && (taken === undefined || (speaks && taken.toMs === undefined))) {
    const what = Object.keys(step)[0] ?? 'step';
    return [
      { ...broken(`${path}.${what}`, `the caller comes to this step (${what})`, over), atMs: end?.atMs },
    ];
  }
  if (step.expect === undefined || taken === undefined) return [];
  const question = steps.findLast((one) => one.index < index && one.askedSeq !== undefined);
  const answer = answerTo(question, taken.toSeq, replies);
  return judgeAnswer(step.expect, { ...answer, path: `${path}.expect` });
}

/** What the agent did between a question, or the beginning of the call, and `toSeq`. */
function answerTo(
  question: TakenStep | undefined,
  toSeq: number | undefined,
  all: readonly Reply[],
): Omit<Answer, 'path'> {
  const replies = all.filter(
    ({ startedSeq }) => startedSeq > (question?.askedSeq ?? 0) && startedSeq <= (toSeq ?? Infinity),
  );
  const atMs = replies.find(({ firstAudioAtMs }) => firstAudioAtMs !== undefined)?.firstAudioAtMs;
  const sinceMs = question === undefined ? 0 : question.toMs;
  const isTimed = atMs !== undefined && sinceMs !== undefined;
  return { replies, delays: isTimed ? [{ ms: atMs - sinceMs, atMs }] : [] };
}

function wholeCall({ scenario, steps }: PlayedScenario, replies: readonly Reply[]): Answer {
  const questions = steps.filter(({ askedSeq }) => askedSeq !== undefined);
  const delays = questions.flatMap((question, place) => {
    const isSilence = scenario.script[question.index]?.silence_ms !== undefined;
    return isSilence ? [] : answerTo(question, questions[place + 1]?.askedSeq, replies).delays;
  });
  return { path: 'expect', replies, delays };
}

function judgeEnd({ scenario, log }: PlayedScenario): readonly Finding[] {
  const { ends } = scenario.expect;
  if (ends === undefined) return [];
  const end = log.findLast((event) => event.type === 'call-ended');
  return [
    {
      status: end?.reason === ends ? 'held' : 'broken',
      path: 'expect.ends',
      expected: `the call ends with ${ends}`,
      found: `it ended with ${end?.reason ?? 'nothing'}`,
      atMs: end?.atMs,
    },
  ];
}

function judgeProviders({ scenario, log }: PlayedScenario): readonly Finding[] {
  const expected = Object.entries(scenario.expect.provider_used ?? {}) as [
    ScenarioStage,
    readonly string[],
  ][];
  return expected.map(([stage, names]): Finding => {
    const used = log.flatMap((event) =>
      event.type === 'provider-used' && event.stage === stage ? [event.provider] : [],
    );
    let place = 0;
    for (const provider of used) if (provider === names[place]) place += 1;
    return {
      status: place === names.length ? 'held' : 'broken',
      path: `expect.provider_used.${stage}`,
      expected: `${stage} is done by ${names.join(', then ')}`,
      found: used.length === 0 ? 'by nobody' : `by ${withoutRepeats(used).join(', then ')}`,
    };
  });
}

function withoutRepeats(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => name !== names[index - 1]);
}

/** Nothing said is lost or doubled: the caller's words in the transcript, the agent's at the caller's ear. */
function judgeWords(
  { scenario, steps, log, heardWords }: PlayedScenario,
  replies: readonly Reply[],
): readonly Finding[] {
  if (scenario.expect.words === undefined) return [];
  const path = 'expect.words';
  if (heardWords === undefined) {
    const expected = 'no word is lost or doubled';
    return [{ status: 'not-checked', path, expected, found: 'real voices can not be counted word by word' }];
  }
  const said = steps.flatMap(({ index, toMs }) => {
    const { say, barge_in: bargeIn } = scenario.script[index] ?? {};
    return toMs === undefined ? [] : wordsAsHeard(say ?? bargeIn?.say ?? '');
  });
  const transcript = log.flatMap((event) =>
    event.type === 'transcript-final' ? wordsAsHeard(event.text) : [],
  );
  const spoken = replies.flatMap(({ outcome, said: whole, heard }) =>
    wordsAsHeard(outcome === 'heard' ? whole : heard),
  );
  return [
    wordFinding(path, "the caller's words reach the transcript, each once", compareWords(said, transcript)),
    wordFinding(
      path,
      "the agent's words reach the caller, each once",
      withoutPieces(compareWords(spoken, heardWords), log, replies),
    ),
  ];
}

type Difference = ReturnType<typeof compareWords>;

/** Where the agent stopped in mid-word, the ear got a piece of a word that was not heard, or was said again as a whole. */
function withoutPieces(
  { lost, added }: Difference,
  log: readonly CallEvent[],
  replies: readonly Reply[],
): Difference {
  const cut = replies
    .filter(({ outcome }) => outcome === 'interrupted')
    .map(({ said, heard }) => wordsAsHeard(said)[wordsAsHeard(heard).length] ?? '');
  const wasPaused = log.some((event) => event.type === 'agent-paused');
  const isPiece = (word: string, before: string | undefined): boolean => {
    const place = cut.findIndex((whole) => whole.startsWith(word));
    if (place >= 0) cut.splice(place, 1);
    return place >= 0 || (wasPaused && before !== word && before?.startsWith(word) === true);
  };
  return { lost, added: added.filter(({ word, before }) => !isPiece(word, before)) };
}

function wordFinding(path: string, expected: string, { lost, added }: Difference): Finding {
  const parts = [
    lost.length === 0 ? '' : `lost: ${lost.join(' ')}`,
    added.length === 0 ? '' : `too many: ${added.map(({ word }) => word).join(' ')}`,
  ].filter((part) => part !== '');
  return {
    status: parts.length === 0 ? 'held' : 'broken',
    path,
    expected,
    found: parts.length === 0 ? 'all came, each once' : parts.join('; '),
  };
}
