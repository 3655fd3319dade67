// The application with one call that does everything wrong an application can do.
import { agent as healthy, serve } from '../../bench/serve.mjs';
import { holdLoop, poisonAgent, poisonCall } from './poison.mjs';
import { watchProcess } from './process-watch.mjs';

const strays = [];
watchProcess((what) => strays.push(what));
const named = new Set();
const poisoned = poisonAgent(healthy, Math.random);
const { POISON, POISONED_CALL } = process.env;
const { voicewire, tellPort } = await serve({
  agent: ({ callId }) => (callId === POISONED_CALL && POISON === 'all' ? poisoned : healthy),
});
voicewire.on('call', (call) => {
  if (call.callId !== POISONED_CALL) return;
  if (POISON === 'all') poisonCall(call);
  if (POISON === 'hold') holdLoop(call, (name) => named.add(name));
});
process.on('message', () => process.send({ strays, named: [...named] }));
tellPort();
