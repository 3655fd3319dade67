// An agent and listeners that do everything wrong an application can do: throw, flood, never settle, leak, hold the loop.

const types = [
  'transcript-partial',
  'transcript-final',
  'agent-audio',
  'agent-heard',
  'speech-started',
  'dtmf',
];
const never = () => new Promise(() => undefined);
const leaked = [];

/** `healthy`, but for its hooks. */
export function poisonAgent(healthy, random) {
  return {
    ...healthy,
    instructions: () => {
      if (random() < 0.5) throw new TypeError('poison');
      return 'x'.repeat(200_000);
    },
    retriever: { retrieve: never },
  };
}

/** Every hook of a call, until it is over. */
export function poisonCall(call) {
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

/** Nothing can isolate a synchronous loop in one process: it can be named. `onNamed` is told who was. */
export function holdLoop(call, onNamed) {
  call.on('error', ({ code, message }) => {
    if (code === 'call.hook_held_loop') onNamed(message.split(' held')[0]);
  });
  call.on('transcript-final', () => {
    const until = performance.now() + 120;
    while (performance.now() < until);
  });
}
