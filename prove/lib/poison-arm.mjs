// The application with one call that does everything wrong an application can do: throws, floods, never settles, leaks, holds the loop.
import { agent as healthy, serve } from '../../bench/serve.mjs';

let rejections = 0;
process.on('unhandledRejection', () => (rejections += 1));
const named = new Set();
const leaked = [];
const never = () => new Promise(() => undefined);
const poisoned = {
  ...healthy,
  instructions: () => {
    if (Math.random() < 0.5) throw new TypeError('poison');
    return 'x'.repeat(200_000);
  },
  retriever: { retrieve: never },
};
const { POISON, POISONED_CALL } = process.env;
const { voicewire, tellPort } = await serve({
  agent: ({ callId }) => (callId === POISONED_CALL && POISON === 'all' ? poisoned : healthy),
});
voicewire.on('call', (call) => {
  if (call.callId !== POISONED_CALL) return;
  if (POISON === 'all') poison(call);
  if (POISON === 'hold') hold(call);
});
process.on('message', () => process.send({ rejections, named: [...named] }));

const types = [
  'transcript-partial',
  'transcript-final',
  'agent-audio',
  'agent-heard',
  'speech-started',
  'dtmf',
];

function poison(call) {
  for (const type of types) {
    call.on(type, () => {
      throw new TypeError('poison');
    });
    call.on(type, never);
    call.on(type, (event) => leaked.push({ event, ballast: new Uint8Array(1_024) }));
  }
  call.onAudio(() => {
    throw new TypeError('poison');
  });
  call.onAudio((_side, _track, audio) => leaked.push(audio));
  // A reader that never reads, and one that never comes back.
  call.events()[Symbol.asyncIterator]();
  void (async () => {
    for await (const event of call.events()) await never(event);
  })();
  const timer = setInterval(() => {
    for (let index = 0; index < 5; index += 1) call.say('poison '.repeat(20));
  }, 100);
  void call.done.then(() => clearInterval(timer));
}

/** Nothing can isolate a synchronous loop in one process: it can be named. */
function hold(call) {
  call.on(
    'error',
    ({ code, message }) => code === 'call.hook_held_loop' && named.add(message.split(' held')[0]),
  );
  call.on('transcript-final', () => {
    const until = performance.now() + 120;
    while (performance.now() < until);
  });
}

tellPort();
