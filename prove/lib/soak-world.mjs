// The world around the application under soak: providers behind a port that fails often, what of the calls is still open there,
// and callers who come and go.
import { account, Call } from '../../bench/carriers.mjs';
import { createMarks } from '../../bench/marks.mjs';
import { startProviders } from '../../bench/providers.mjs';
import { createRandom, startFaultyPort } from './faulty-port.mjs';

/** `share` of the connections to the first port fail, by seed. */
export async function openSoakWorld({ share = 0.2, seed }) {
  const providers = await startProviders(createMarks());
  const faulty = await startFaultyPort(providers.port, { share, seed });
  const random = createRandom(seed + 1);
  const { server } = providers;
  const sessions = new Set();
  const note = (stream) => {
    sessions.add(stream);
    stream.once('close', () => sessions.delete(stream));
  };
  server.on('upgrade', (_, socket) => note(socket));
  server.on('request', (_, response) => note(response));
  return {
    ports: [faulty.port, providers.port],
    /** The application's account at the carrier. */
    carrier: account,
    counts: faulty.counts,
    play: (calls) => playCalls({ ...calls, random }),
    /** Sockets and requests of calls. Connections that are kept for the next request are nobody's, and are closed. */
    sessions() {
      server.closeIdleConnections();
      return sessions.size;
    },
    close() {
      faulty.close();
      server.closeAllConnections();
      providers.close();
    },
  };
}

/**
 * Keeps `concurrency` calls alive until there were `count`. Each lasts between the two of `lastsMs` by chance, and hangs up in
 * the middle of whatever is going on then. `port`: where the application listens.
 */
async function playCalls({ count, concurrency, lastsMs: [leastMs, mostMs], port, random }) {
  const target = { webhookUrl: `http://127.0.0.1:${port}/voicewire/twilio/voice` };
  const live = new Set();
  const marks = createMarks();
  let opened = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    for (const one of live) {
      for (; one.frames * 20 <= now - one.beganMs; one.frames += 1)
        one.call.frame(one.offsetMs + one.frames * 20);
      if (now - one.beganMs < one.lastsMs) continue;
      live.delete(one);
      one.call.close();
    }
  }, 10);
  while (opened < count || live.size > 0) {
    if (opened < count && live.size < concurrency) {
      const number = (opened += 1) % 16_000;
      const call = new Call(number, target, marks);
      await call.open();
      // Every caller speaks first.
      const offsetMs = 6_000 - call.phase;
      const lastsMs = leastMs + random() * (mostMs - leastMs);
      live.add({ call, offsetMs, frames: 0, beganMs: performance.now(), lastsMs });
    } else await new Promise((resolve) => setTimeout(resolve, 20));
  }
  clearInterval(timer);
}
