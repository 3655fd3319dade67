// What goes wrong with the primary, on both sides alike. Names are what `--only` and the table use.
import { answerWords } from '../lib/chaos-words.mjs';

/** Less than twice as fast as speech: little is in store when the voice dies. */
const pacedBytesPerSecond = 110_000;
/** A fake voice says so many characters in a message. */
const charsPerMessage = 4;

const first = { connection: 1 };
/** Later connections of the same provider; more than anybody makes. */
const later = Array.from({ length: 60 }, (_, index) => ({ connection: index + 2 }));
const always = [first, ...later];
/** When it has been given the text. */
const asked = { ...first, afterMessages: 2, direction: 'up' };

/** After word k of what it is given, or gives, on its first connection. */
const atWord = (fault, { rules = [] } = {}) => ({
  words: true,
  rules: (direction, word) => [{ fault, when: { ...first, afterWord: word, direction } }, ...rules],
});
const refused = (status, connections) =>
  connections.map((when) => ({ fault: { kind: 'status', status }, when }));
const paced = [{ fault: { kind: 'bandwidth', bytesPerSecond: pacedBytesPerSecond, direction: 'down' } }];
const atConnect = (rules) => ({ words: false, rules: () => rules });

const reset = { kind: 'reset' };

const matrix = {
  stt: {
    'no-fault': atConnect([]),
    reset: atWord(reset),
    'reset-then-503': atWord(reset, { rules: refused(503, later) }),
    'reset-then-401': atWord(reset, { rules: refused(401, later) }),
    'close-1011': atWord({ kind: 'close', code: 1011 }),
    'close-1011-then-503': atWord({ kind: 'close', code: 1011 }, { rules: refused(503, later) }),
    mute: atWord({ kind: 'mute' }),
    'stop-reading': atWord({ kind: 'stop-reading' }),
    'refused-503': atConnect(refused(503, always)),
    'unauthorized-401': atConnect(refused(401, always)),
  },
  tts: {
    'no-fault': atConnect([]),
    'no-fault-paced': atConnect(paced),
    // Before there is any audio.
    'closed-at-once': atConnect([
      { fault: { kind: 'close', code: 1011 }, when: asked },
      ...refused(503, later),
    ]),
    'mute-from-start': atConnect([{ fault: { kind: 'mute' }, when: first }]),
    killed: atWord(reset),
    'killed-then-503': atWord(reset, { rules: refused(503, later) }),
    'killed-paced': atWord(reset, { rules: paced }),
    stalled: atWord({ kind: 'mute' }),
    'stalled-paced': atWord({ kind: 'mute' }, { rules: paced }),
    'ends-early-1000': atWord({ kind: 'close', code: 1000 }),
    // No proxy can do that: the voice leaves words out and says that it is done.
    'cut-short': {
      words: true,
      rules: () => [],
      misbehaviour: (word) => ({
        type: 'cut-short',
        afterEvents: Math.ceil(answerWords.slice(0, word).join(' ').length / charsPerMessage),
      }),
    },
    'refused-503': atConnect(refused(503, always)),
    'unauthorized-401': atConnect(refused(401, always)),
  },
};

/** Every case: `words` says whether it is run at each word. */
export const cases = Object.entries(matrix).flatMap(([stage, faults]) =>
  Object.entries(faults).map(([name, fault]) => ({ id: `${stage}/${name}`, stage, ...fault })),
);
