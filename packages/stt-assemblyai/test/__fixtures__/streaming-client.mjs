// AssemblyAI's own streaming client in a process of its own: only NODE_EXTRA_CA_CERTS makes it trust a test's server.
// Takes its parameters and what to do as JSON, prints what it made of the session as JSON.
import { AssemblyAI } from 'assemblyai';

const { apiKey, params, steps } = JSON.parse(process.argv[2]);
const told = { begin: null, turns: [], speechStarts: [], errors: [], close: null, failure: null };
const transcriber = new AssemblyAI({ apiKey }).streaming.transcriber({
  connectTimeout: 10_000,
  maxConnectionRetries: 0,
  ...params,
});
transcriber.on('turn', (turn) => told.turns.push(turn));
transcriber.on('speechStarted', (event) => told.speechStarts.push(event.timestamp));
const closed = new Promise((resolve) => {
  transcriber.on('close', (code, reason) => resolve({ code, reason }));
});
transcriber.on('error', ({ message, code }) => told.errors.push({ message, code }));

const actions = {
  /** So many pieces of so many bytes of silence in µ-law. */
  audio: (count, bytes) => {
    for (let index = 0; index < count; index += 1) transcriber.sendAudio(new Uint8Array(bytes).fill(0xff));
  },
  force: () => transcriber.forceEndpoint(),
  keepAlive: () => transcriber.keepAlive(),
  update: (config) => transcriber.updateConfiguration(config),
  close: () => transcriber.close(),
  closed: async () => {
    told.close = await closed;
  },
};

try {
  told.begin = await transcriber.connect();
  for (const [action, ...values] of steps) await actions[action](...values);
} catch ({ message, code }) {
  told.failure = { message, code };
}
console.log(JSON.stringify(told));
