// The matrix: what goes wrong at each stage, and when. `at: 'word'` strikes in the middle of what is said, after word k of 12;
// `at: 'connect'` strikes whoever connects, from the first moment on. Names are what `--only` and the table use.
import { providers } from './chaos-providers.mjs';

/**
 * How it is noticed decides which bar it is held to: a `close` at once, a `silence` when its time is over; a connection that
 * can't be had when somebody needs it.
 */
const atWord = (fault, noticed, more = {}) => ({ at: 'word', fault, noticed, ...more });
const atConnect = (fault, noticed, more = {}) => ({ at: 'connect', fault, noticed, ...more });
/** What a proxy can't do: the fake itself, after so many results. */
const byFake = (misbehaviour, noticed) => ({ at: 'word', misbehaviour, noticed });

/** Only one attempt, however many calls come. */
const oneAttempt = { attempts: 1 };

const connecting = {
  refused: atConnect({ kind: 'status', status: 503 }, 'connect'),
  'failed-500': atConnect({ kind: 'status', status: 500 }, 'connect'),
  'unauthorized-401': atConnect({ kind: 'status', status: 401 }, 'connect', oneAttempt),
  'limited-429': atConnect(
    { kind: 'status', status: 429, headers: { 'retry-after': '45' } },
    'connect',
    oneAttempt,
  ),
  'black-hole-at-connect': atConnect({ kind: 'black-hole' }, 'connect'),
  'empty-200': atConnect({ kind: 'empty-200' }, 'connect'),
  slow: atConnect({ kind: 'latency', ms: 150, jitterMs: 100, direction: 'down' }, 'never'),
};

/** Of sockets that stay open: recognisers and voices. */
const sockets = {
  reset: atWord({ kind: 'reset' }, 'close'),
  cut: atWord({ kind: 'cut' }, 'close'),
  'close-1011': atWord({ kind: 'close', code: 1011 }, 'close'),
  'close-1000': atWord({ kind: 'close', code: 1000 }, 'close'),
  mute: atWord({ kind: 'mute' }, 'silence'),
  'black-hole': atWord({ kind: 'black-hole' }, 'silence'),
  'half-open': atWord({ kind: 'half-open' }, 'silence'),
  garbage: atWord({ kind: 'garbage' }, 'close'),
  'garbage-bytes': atWord({ kind: 'garbage', as: 'bytes' }, 'close'),
  'accept-then-close': atConnect({ kind: 'close', code: 1011 }, 'connect', { when: { afterMs: 0 } }),
  'wrong-key': {
    at: 'connect',
    options: { apiKey: 'another-key-0123456789' },
    noticed: 'close',
    ...oneAttempt,
  },
};

/** A primary and a second who hear as real ones do, each in its own way: the same words, cut, guessed and timed otherwise. */
const differently = (first, second) => ({ ...atWord({ kind: 'reset' }, 'close'), manners: [first, second] });

const matrix = {
  stt: {
    ...sockets,
    'reset-resegmented': differently({ segmentWords: 4 }, { segmentWords: 3 }),
    'reset-revised': differently({ revises: true, segmentWords: 5 }, { revises: true }),
    'reset-late-times': differently({ segmentWords: 4 }, { shiftMs: 40 }),
    'reset-early-times': differently({ segmentWords: 4, shiftMs: 40 }, {}),
    // Nobody can say which words of a final were settled before: no more than a sentence comes again.
    'reset-untimed': {
      ...differently({ untimed: true, segmentWords: 4 }, { untimed: true, segmentWords: 4 }),
      mayRepeat: 12,
    },
    'stop-reading': atWord({ kind: 'stop-reading' }, 'silence'),
    huge: atWord({ kind: 'huge', bytes: 20_000_000 }, 'close'),
    ...connecting,
  },
  tts: {
    ...sockets,
    // A voice that is hardly faster than speech has hardly anything in store when it dies.
    'reset-paced': atWord({ kind: 'reset' }, 'close', { isPaced: true }),
    'mute-paced': atWord({ kind: 'mute' }, 'silence', { isPaced: true }),
    dribble: atWord({ kind: 'bandwidth', bytesPerSecond: 500 }, 'silence'),
    'stop-reading': atConnect({ kind: 'stop-reading' }, 'connect'),
    'early-end': byFake(() => ({ type: 'early-end' }), 'close'),
    'ends-in-the-middle': byFake((word) => ({ type: 'silent-eof', afterEvents: word }), 'close'),
    'cut-short': byFake((word) => ({ type: 'cut-short', afterEvents: word }), 'close'),
    ...connecting,
  },
  llm: {
    reset: atWord({ kind: 'reset' }, 'close'),
    cut: atWord({ kind: 'cut' }, 'close'),
    'ends-as-if-whole': atWord({ kind: 'close' }, 'close'),
    hung: atWord({ kind: 'mute' }, 'silence'),
    'black-hole': atWord({ kind: 'black-hole' }, 'silence'),
    dribble: atWord({ kind: 'bandwidth', bytesPerSecond: 10 }, 'silence'),
    garbage: atWord({ kind: 'garbage' }, 'close'),
    'own-error': byFake((word) => ({ type: 'error', afterEvents: word }), 'close'),
    'headers-then-nothing': atConnect({ kind: 'mute' }, 'first'),
    'wrong-key': sockets['wrong-key'],
    ...connecting,
  },
};

/** What a crowd of callers in one application goes through at once. */
const crowded = {
  stt: ['reset', 'close-1000', 'mute', 'garbage'],
  llm: ['cut', 'hung', 'garbage'],
  tts: ['reset', 'close-1000', 'mute', 'cut-short'],
};

/** All cases: every adapter as the primary of its stage, behind every fault; then the main faults with a crowd. */
export function listCases(crowd = 100) {
  const each = Object.entries(providers).flatMap(([name, { stage, second, isKeyless = false }]) =>
    Object.entries(matrix[stage])
      .filter(([faultName]) => !(isKeyless && faultName === 'wrong-key'))
      .map(([faultName, fault]) => ({
        id: `${stage}/${name}/${faultName}`,
        stage,
        chain: [name, second],
        calls: 1,
        ...fault,
      })),
  );
  const crowds = each.filter(({ id, chain: [name] }) => {
    const [stage, , faultName] = id.split('/');
    const [first] = Object.keys(providers).filter((other) => providers[other].stage === stage);
    return name === first && crowded[stage].includes(faultName);
  });
  return [...each, ...crowds.map((kase) => ({ ...kase, id: `${kase.id}@${crowd}`, calls: crowd }))];
}
