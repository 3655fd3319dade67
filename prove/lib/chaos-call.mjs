// One call under fire: what was said, what came of it, and how long things took.
import { countWords, longestGapMs, wordsAsHeard } from '@voicewire/testing';
import { connect } from './chaos-rig.mjs';
import { answerWords, callerSound, callerWords, msPerChar } from './chaos-words.mjs';

/** After the agent's answer so long is waited for one more that nobody wants; for one that is still missing, longer. */
const afterMs = { whole: 700, broken: 5_000 };

/** One caller who says the words and hears the answer out. Times in ms; those of the process, not of the call. */
export async function makeCall(rig, { onCall = () => undefined } = {}) {
  const events = [];
  let spokenMs = Infinity;
  let quietSinceMs = Infinity;
  const isOver = () => {
    const isHeard = events.some(({ outcome }) => outcome === 'heard');
    const isAsked = wordsOf(turnsOf(events)).length >= callerWords.length;
    return performance.now() - quietSinceMs > (isHeard && isAsked ? afterMs.whole : afterMs.broken);
  };
  const { caller, call } = await connect(rig, async (line) => {
    await line.wait(400);
    await line.play(callerSound());
    spokenMs = line.now();
    quietSinceMs = performance.now();
    await line.until(isOver);
  });
  onCall(call);
  for (const type of noted)
    call.on(type, (event) => {
      events.push({ ...event, nowMs: performance.now() });
      if (type === 'reply-started') quietSinceMs = Infinity;
      else if (quietSinceMs < Infinity || type === 'agent-heard') quietSinceMs = performance.now();
    });
  const problem = await caller.done.then(
    () => undefined,
    (error) => String(error),
  );
  const { reason, log } = await call.done;
  const heard = caller.heardWords();
  return {
    events,
    log,
    reason,
    problem,
    counts: countsOf(log, heard),
    splits: turnsOf(log).length - 1,
    gapMs: Math.max(0, longestGapMs(heard) - msPerChar),
    deadAirMs: heard.length === 0 ? Infinity : heard[0].startMs - spokenMs,
    heard: heard.map(({ text }) => text),
  };
}

const noted = [
  'speech-started',
  'speech-ended',
  'transcript-partial',
  'transcript-final',
  'user-turn',
  'reply-started',
  'agent-heard',
  'provider-failed',
  'provider-used',
  'error',
  'degraded',
];

/** The caller's words as the record has them and as the model was told them; the agent's as bytes at the carrier say. */
function countsOf(log, heard) {
  return {
    caller: countWords(callerWords, wordsOf(log.filter(({ type }) => type === 'transcript-final'))),
    asked: countWords(callerWords, wordsOf(turnsOf(log))),
    agent: countWords(
      answerWords,
      heard.map(({ text }) => text),
    ),
  };
}

/** The caller's turns; one that is taken again, because the answer to it was not heard yet, counts as it was last. */
function turnsOf(events) {
  const turns = events.filter(({ type }) => type === 'user-turn');
  return [...new Map(turns.map((turn) => [turn.utterance, turn])).values()];
}

function wordsOf(events) {
  return events.flatMap(({ text }) => wordsAsHeard(text));
}
