// One case of the matrix: a fault for each word, every call in an application of its own or all of them in one.
import { makeCall } from './chaos-call.mjs';
import { openRig } from './chaos-rig.mjs';

/** What a voice hardly faster than speech sends, in bytes a second with its wrapping. */
const pacedBytesPerSecond = 30_000;
/** What is still open so long after a call was left open. */
const leftOpenMs = 1_000;
/** Calls of a crowd do not begin at the same moment. */
const crowdMs = 3_000;

/** The fault strikes after this word; each call has its own application, so that nothing but the fault is between them. */
export async function runWord(kase, word) {
  const rig = await openRig({ chain: kase.chain, fakes: fakesOf(kase) });
  try {
    const watched = watch(rig, kase, strike(rig, kase, [word]));
    const call = await makeCall(rig);
    return { word, ...call, ...watched.timesOf(call), ...(await remains(rig, kase)) };
  } finally {
    await rig.close();
  }
}

/** Two callers, one after the other: the second must not be told what the first found out. */
export async function runConnect(kase) {
  const rig = await openRig({ chain: kase.chain, fakes: fakesOf(kase) });
  try {
    // What is wrong from the start was met by the phrases that are rendered before any call.
    const before = kase.options === undefined ? rig.struck[0].proxy.record.connections.length : 0;
    const watched = watch(rig, kase, strike(rig, kase, []));
    const first = await makeCall(rig);
    const times = watched.timesOf(first);
    const second = await makeCall(rig);
    const attempts = rig.struck[0].proxy.record.connections.length - before;
    const left = await remains(rig, kase);
    return [
      { word: 0, ...first, ...times, ...left, attempts },
      { word: 0, ...second, attempts },
    ];
  } finally {
    await rig.close();
  }
}

/** Many callers of one application; each one's provider dies at another word. */
export async function runCrowd(kase, count) {
  const rig = await openRig({ chain: kase.chain, fakes: fakesOf(kase), seed: count });
  try {
    const words = Array.from({ length: count }, (_, index) => (index % 12) + 1);
    strike(rig, kase, words);
    const calls = words.map(async (word, index) => {
      await new Promise((resolve) => setTimeout(resolve, (crowdMs * index) / count));
      return { word, ...(await makeCall(rig)) };
    });
    const results = await Promise.all(calls);
    const left = await remains(rig, kase);
    return results.map((result, index) => (index === 0 ? { ...result, ...left } : result));
  } finally {
    await rig.close();
  }
}

/** Options of the fakes, by name. */
function fakesOf({ chain, options, manners = [] }) {
  return Object.fromEntries(
    chain.map((name, index) => [name, { ...(index === 0 && options), ...manners[index] }]),
  );
}

/** Arms the fault, before or after each of these words of the connections to come; returns whether it has struck. */
function strike({ struck: [primary] }, { stage, at, fault, when, misbehaviour, isPaced }, words) {
  const { proxy, fake } = primary;
  const before = proxy.record.connections.length;
  if (isPaced) proxy.set({ kind: 'bandwidth', bytesPerSecond: pacedBytesPerSecond, direction: 'down' });
  if (misbehaviour !== undefined) {
    const faults = words.map((word) => fake.misbehave(misbehaviour(word), { times: 1 }));
    return () => faults.some(({ count }) => count > 0);
  }
  if (fault === undefined) return () => false;
  const direction = stage === 'stt' ? 'up' : 'down';
  const rules =
    at === 'connect'
      ? [proxy.set(fault, { when })]
      : words.map((word, index) =>
          proxy.set(fault, { when: { connection: before + index + 1, afterWord: word, direction } }),
        );
  return () => rules.some(({ count }) => count > 0);
}

const since = (fromMs, toMs) => (fromMs === undefined || toMs === undefined ? undefined : toMs - fromMs);

/** For how long the caller spoke between two moments, as the call noticed: a recogniser owes nothing to silence. */
const speechIn = (events) => (fromMs, toMs) => {
  if (since(fromMs, toMs) === undefined) return undefined;
  const turns = events.filter(({ type, nowMs }) => type.startsWith('speech-') && nowMs <= toMs);
  const changes = turns.map(({ type, nowMs, silenceMs = 0 }) => [type, nowMs - silenceMs]);
  if (changes.at(-1)?.[0] === 'speech-started') changes.push(['speech-ended', toMs]);
  return changes.reduce((sum, [type, atMs], index) => {
    const [, startedMs] = changes[index - 1] ?? [];
    const spokenMs = Math.min(atMs, toMs) - Math.max(startedMs ?? fromMs, fromMs);
    return type === 'speech-ended' ? sum + Math.max(0, spokenMs) : sum;
  }, 0);
};

/** Stops the time: when it struck, when the chain noticed, when the next provider was asked. */
function watch({ struck: [primary, second] }, { stage, noticed, misbehaviour, options }, hasStruck) {
  const times = {};
  const stamp = (name, proxy, condition) =>
    void proxy.until(condition, { timeoutMs: 60_000 }).then(
      () => (times[name] = performance.now()),
      () => undefined,
    );
  // A fake is told before it goes wrong: when it did is not known.
  if (misbehaviour === undefined && options === undefined) stamp('struckMs', primary.proxy, hasStruck);
  const others = second.proxy.record.connections.length;
  stamp('askedMs', second.proxy, () => second.proxy.record.connections.length > others);
  return {
    timesOf({ events }) {
      const failed = events.find(
        ({ type, provider }) => type === 'provider-failed' && provider === primary.name,
      );
      const used = events.find(
        ({ type, provider, nowMs }) =>
          type === 'provider-used' && provider === second.name && nowMs >= (failed?.nowMs ?? Infinity),
      );
      const { struckMs, askedMs } = times;
      const owesSpeech = stage === 'stt' && noticed === 'silence';
      return {
        hasStruck: hasStruck() || options !== undefined,
        hasFailed: failed !== undefined,
        detectionMs: (owesSpeech ? speechIn(events) : since)(struckMs, failed?.nowMs),
        nextMs: since(failed?.nowMs, stage === 'llm' ? askedMs : used?.nowMs),
      };
    },
  };
}

/**
 * Sessions that providers still have after the call. Through a proxy that has stopped reading nobody learns of an end; of all
 * other faults both providers must.
 */
async function remains({ struck }, { fault }) {
  if (fault?.kind === 'stop-reading') return { leaks: 0 };
  const open = ({ fake }) => fake.sessions.filter(({ ended }) => ended === undefined).length;
  // What is left after that is counted, whoever waited for it.
  const gone = struck.map((one) => one.fake.until(() => open(one) === 0, { timeoutMs: leftOpenMs }));
  await Promise.allSettled(gone);
  return { leaks: struck.reduce((sum, one) => sum + open(one), 0) };
}
