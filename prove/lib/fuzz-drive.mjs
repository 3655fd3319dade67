// An adapter of any kind put to its normal use, and what it answers held to the types of its contract.
import { setTimeout as pause } from 'node:timers/promises';
import { speechSound } from '@voicewire/testing';

/** Said to and by everybody, and never to be read in an error. */
export const secretWords = ['zanzibar', 'quixote'];

/** Silence after which a session is stopped: how long to wait is core's to say, not the adapter's. Time in which this process was not let run does not count. */
const patienceTicks = 15;
const tickMs = 5;
/** From the stop to the end, on a machine that does other things too. */
const stopMs = 3_000;

/** Resolves with how the use of `adapter` ended. */
export async function use(adapter, { clock, controller, chance, notes }) {
  const { signal } = controller;
  const watch = createPatience(controller);
  const hear = (part) => {
    watch.touch();
    const what = oddityOf(part);
    if (what !== undefined) notes.problem(`gave ${what}`);
  };
  let error;
  let isOver = false;
  const using = users[adapter.kind](adapter, { clock, signal, chance, hear })
    .catch((caught) => (error = caught ?? new TypeError('nothing was thrown')))
    .finally(() => (isOver = true));
  await Promise.race([using, watch.stopped.then(() => pause(stopMs, undefined, { ref: false }))]);
  watch.end();
  if (!isOver) notes.problem(`did not end within ${stopMs} ms of the stop`);
  return { error, wasStopped: watch.wasStopped };
}

/** Stops what has not been heard of for a while. */
function createPatience(controller) {
  let wasStopped = false;
  let tellStopped = () => {};
  const stopped = new Promise((resolve) => (tellStopped = resolve));
  const stop = () => {
    wasStopped = true;
    tellStopped();
    controller.abort(new Error('heard enough'));
  };
  let quietTicks = 0;
  const timer = setInterval(() => {
    quietTicks += 1;
    if (quietTicks === patienceTicks) stop();
  }, tickMs);
  return {
    stopped,
    get wasStopped() {
      return wasStopped;
    },
    touch: () => (quietTicks = 0),
    end: () => clearInterval(timer),
  };
}

const users = {
  async stt(adapter, { clock, signal, hear }) {
    const [format] = adapter.capabilities.formats;
    const stream = adapter.open({ format, clock, signal, isSpeech: () => true });
    const sound = speechSound(`${secretWords.join(' ')} `, format, 40);
    for (const part of [1, 2]) {
      for (let at = 0; at < sound.length; at += 1_600) stream.write(sound.subarray(at, at + 1_600));
      if (part === 1) stream.flush();
    }
    stream.end();
    for await (const event of stream) hear(event);
  },

  async tts(adapter, { clock, signal, hear }) {
    const [format] = adapter.capabilities.formats;
    const session = adapter.connect({ format, clock, signal });
    try {
      for (let turn = 0; turn < 2; turn += 1) {
        const utterance = session.speak({ bufferedMs: () => 0, signal });
        utterance.write(`${secretWords.join(' ')} again.`);
        utterance.flush();
        utterance.end();
        for await (const event of utterance) hear(event);
      }
    } finally {
      session.close();
    }
    await session.closed;
  },

  async llm(adapter, { clock, signal, chance, hear }) {
    const lookup = { name: 'lookup', description: 'Look up.', parameters: { type: 'object' } };
    const past = [
      { role: 'user', content: `Where is ${secretWords[0]}?` },
      { role: 'assistant', content: 'I look.' },
      { role: 'user', content: secretWords[1] },
    ];
    const messages = chance.is(0.5) ? past : past.slice(-1);
    const system = chance.is(0.5) ? [{ role: 'system', content: 'Answer.' }] : [];
    for await (const part of adapter.generate({
      messages: [...system, ...messages],
      tools: [lookup],
      clock,
      signal,
    }))
      hear(part);
  },
};

const isTime = (value) => value === undefined || Number.isFinite(value);
const isText = (value) => value === undefined || typeof value === 'string';

/** What a part has that its type does not allow; undefined where it is as promised. */
function oddityOf(part) {
  if (typeof part?.type !== 'string') return `a part without a type: ${String(part)}`;
  if (part.type === 'audio' && !(part.audio instanceof Uint8Array)) return 'audio that is no bytes';
  const items = [part, ...(part.words ?? [])];
  for (const item of items) {
    for (const [name, value] of Object.entries(item)) {
      if (/(Ms|Tokens|Start|End)$|^(confidence)$/.test(name) && !isTime(value))
        return `${part.type}.${name} ${value}`;
      if (/^(text|id|name|argumentsText|language|reason|speaker)$/.test(name) && !isText(value))
        return `${part.type}.${name} of type ${typeof value}`;
    }
  }
  return undefined;
}
