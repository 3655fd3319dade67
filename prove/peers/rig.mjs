// Two providers of one vendor on loopback, each behind a proxy: a primary that is struck, and a second that is well.
import { createWordReader, startChaosProxy } from '@voicewire/testing';
import { startDeepgramFake } from '@voicewire/stt-deepgram/fake';
import { startElevenLabsFake } from '@voicewire/tts-elevenlabs/fake';
import { earFormat, voiceFormat } from './sound.mjs';

const stages = {
  stt: {
    // Settles every four words, as a recogniser does while somebody goes on speaking.
    start: () => startDeepgramFake({ script: 'sound', segmentWords: 4, record: false }),
    createWordReader() {
      const reader = createWordReader(earFormat);
      return (direction, message) =>
        direction === 'up' && typeof message !== 'string' ? textsOf(reader.read(message)) : [];
    },
  },
  tts: {
    start: () => startElevenLabsFake({ record: false }),
    createWordReader() {
      const reader = createWordReader(voiceFormat);
      return (direction, message) => {
        if (direction === 'up' || typeof message !== 'string') return [];
        const { audio } = JSON.parse(message);
        return typeof audio === 'string' ? textsOf(reader.read(Buffer.from(audio, 'base64'))) : [];
      };
    },
  },
};

function textsOf(words) {
  return words.map(({ text }) => text);
}

/** `word`: after which the fault strikes the primary. */
export async function openRig({ stage, rules, misbehaviour }, word) {
  const { start, createWordReader: createReader } = stages[stage];
  const members = await Promise.all(
    [1, 2].map(async (seed) => {
      const fake = await start();
      const proxy = await startChaosProxy({
        target: fake.url,
        seed,
        createWordReader: createReader,
        record: false,
      });
      return { fake, proxy };
    }),
  );
  const [primary] = members;
  const planned = rules(stage === 'stt' ? 'up' : 'down', word);
  const handles = primary.proxy.plan(planned);
  const fault = misbehaviour && primary.fake.misbehave(misbehaviour(word), { times: 1 });
  // What only makes a voice slow is no fault.
  const strikes = handles.filter((_, index) => planned[index].fault.kind !== 'bandwidth');
  return {
    urls: members.map(({ proxy }) => proxy.url),
    reaction: watchReaction(members, () => strikes.some(({ count }) => count > 0)),
    hasStruck: () => strikes.some(({ count }) => count > 0) || (fault?.count ?? 0) > 0,
    async close() {
      await Promise.all(members.map(({ proxy }) => proxy.close()));
      await Promise.all(members.map(({ fake }) => fake.close()));
    },
  };
}

const forever = { timeoutMs: 120_000 };

/** Who notices a fault says so, or connects again: whichever is first. */
function watchReaction(members, hasStruck) {
  let struckMs;
  let noticedMs;
  /** Also the chain's own report. */
  const failed = () => {
    if (struckMs !== undefined) noticedMs ??= performance.now();
  };
  const opened = ({ proxy }) => proxy.record.connections.length;
  const watch = async () => {
    await members[0].proxy.until(hasStruck, forever);
    struckMs = performance.now();
    for (const member of members) {
      const before = opened(member);
      member.proxy.until(() => opened(member) > before, forever).then(failed, () => undefined);
    }
  };
  // Where nothing strikes, or its proxy is closed, there is nothing to see.
  watch().catch(() => undefined);
  return { failed, delayMs: () => noticedMs && noticedMs - struckMs };
}
