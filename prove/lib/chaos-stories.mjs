// Cases with a plot: more than one thing goes wrong, or more than one caller is told of it.
import { makeCall } from './chaos-call.mjs';
import { openRig } from './chaos-rig.mjs';
import { summarise } from './chaos-verdict.mjs';

const outageMs = 600;

/** Rows as `summarise` makes them; `play` gives the runs of one. */
const stories = {
  'both-down/stt': (id) => bothDown(id, ['deepgram', 'assemblyai'], 'up'),
  'both-down/llm': (id) => bothDown(id, ['openai', 'anthropic'], 'down'),
  'both-down/tts': (id) => bothDown(id, ['elevenlabs', 'cartesia'], 'down'),
  'next-call/stt': (id) => nextCall(id, ['deepgram', 'assemblyai']),
  'next-call/llm': (id) => nextCall(id, ['openai', 'anthropic']),
  'next-call/tts': (id) => nextCall(id, ['elevenlabs', 'cartesia']),
  'retry-after/stt': (id) => retryAfter(id, ['deepgram', 'assemblyai']),
  'retry-after/llm': (id) => retryAfter(id, ['openai', 'anthropic']),
  'retry-after/tts': (id) => retryAfter(id, ['elevenlabs', 'cartesia']),
  'poisoned/ten': (id) => poisoned(id),
};

export function listStories() {
  return Object.entries(stories).map(([name, play]) => ({
    id: `story/${name}`,
    play,
    calls: 1,
    at: 'connect',
  }));
}

export function runStory({ id, play }) {
  return play(id);
}

async function withRig(options, play) {
  const rig = await openRig(options);
  try {
    return await play(rig);
  } finally {
    await rig.close();
  }
}

/** Every provider of a stage is gone for 0.6 s in the middle of a word, then back: the call goes on. */
function bothDown(id, chain, direction) {
  return withRig({ chain }, async (rig) => {
    const [first] = rig.struck;
    const open = first.proxy.record.connections.length;
    const begun = first.proxy.until(
      () => first.proxy.record.connections.slice(open).some(({ words }) => words[direction].length >= 4),
      { timeoutMs: 30_000 },
    );
    void begun.then(
      () => {
        for (const { proxy } of rig.struck) proxy.set({ kind: 'reset' }, { forMs: outageMs });
      },
      () => undefined,
    );
    const run = await makeCall(rig);
    const hasStruck = first.proxy.record.connections.some(({ faults }) => faults.length > 0);
    return summarise({ id, stage: 'story' }, [{ word: 0, ...run, hasStruck }]);
  });
}

/** What some calls found dead the next one leaves alone, as long as it rests. */
function nextCall(id, chain) {
  return withRig({ chain }, async (rig) => {
    const { proxy } = rig.struck[0];
    proxy.set({ kind: 'status', status: 503 });
    const isOpen = new Promise((resolve) => {
      rig.voicewire.on('provider-health', ({ state }) => state === 'open' && resolve());
    });
    const finders = Array.from({ length: 3 }, () => makeCall(rig));
    await isOpen;
    const before = proxy.record.connections.length;
    let touchedMs = Infinity;
    const openedMs = performance.now();
    void proxy
      .until(() => proxy.record.connections.length > before, { timeoutMs: 30_000 })
      .then(
        () => (touchedMs = performance.now() - openedMs),
        () => undefined,
      );
    const runs = await Promise.all([...finders, makeCall(rig)]);
    const row = summarise(
      { id, stage: 'story' },
      runs.map((run) => ({ word: 0, ...run })),
    );
    // The shortest rest, with its jitter.
    if (touchedMs < 700)
      row.broken.push({ word: 0, problem: `touched again after ${Math.round(touchedMs)} ms` });
    return row;
  });
}

/** A provider that asked to be left alone for two seconds is left alone for two seconds, and asked again afterwards. */
function retryAfter(id, chain) {
  return withRig({ chain }, async (rig) => {
    const { proxy } = rig.struck[0];
    const before = proxy.record.connections.length;
    proxy.set({ kind: 'status', status: 429, headers: { 'retry-after': '2' } }, { times: 1 });
    const first = await makeCall(rig);
    const second = await makeCall(rig);
    const row = summarise(
      { id, stage: 'story' },
      [first, second].map((run) => ({ word: 0, ...run })),
    );
    const [refused, next] = proxy.record.connections.slice(before);
    const waitedMs = next === undefined ? Infinity : next.openedMs - refused.openedMs;
    if (!(waitedMs >= 2_000 && waitedMs < Infinity))
      row.broken.push({ word: 0, problem: `asked again after ${waitedMs} ms instead of 2,000 or more` });
    return row;
  });
}

/** Ten callers of one application; what one of them brings with it harms none of the others. */
function poisoned(id) {
  const chain = ['deepgram', 'assemblyai'];
  return withRig({ chain }, async (rig) => {
    const poison = (call) => {
      for (const type of ['transcript-partial', 'transcript-final', 'reply-started', 'agent-words']) {
        call.on(type, () => {
          throw new Error('poison');
        });
        call.on(type, () => new Promise(() => undefined));
        call.on(type, () => Promise.reject(new Error('poison')).catch(() => undefined));
      }
      call.onAudio(() => {
        throw new Error('poison');
      });
      // A reader that never reads.
      call.events()[Symbol.asyncIterator]();
      for (let index = 0; index < 1_000; index += 1) call.say('');
    };
    rig.struck[0].proxy.set({ kind: 'garbage' }, { when: { connection: 1, afterWord: 3, direction: 'up' } });
    const sick = makeCall(rig, { onCall: poison });
    const healthy = await Promise.all(Array.from({ length: 9 }, () => makeCall(rig)));
    await sick;
    return summarise(
      { id, stage: 'story' },
      healthy.map((run) => ({ word: 0, ...run })),
    );
  });
}
