// The application under soak: chains whose first member fails often, and what is left of its calls when that is asked for.
import { createHealth, createMemoryCallStore } from '@voicewire/core';
import { serve } from '../../bench/serve.mjs';
import { watchProcess } from './process-watch.mjs';

/** `ports`: of the providers, the failing one first. */
export async function openSoakApp({ ports, carrier }) {
  const strays = [];
  const watch = watchProcess((what) => strays.push(what));
  const { health, watchers } = countWatchers(createHealth());
  const { voicewire, server, tellPort, close } = await serve({
    ports,
    carrier,
    health,
    // Few records, so that the store is full before anything is measured.
    store: createMemoryCallStore(100),
  });
  const reasons = {};
  voicewire.on('call-over', ({ events }) => {
    const last = events.at(-1);
    const reason = last?.type === 'call-ended' ? last.reason : 'unknown';
    reasons[reason] = (reasons[reason] ?? 0) + 1;
  });
  return {
    port: server.address().port,
    ready: voicewire.ready,
    tellPort,
    figures() {
      // Connections that the carrier keeps for its next question are nobody's.
      server.closeIdleConnections();
      for (let round = 0; round < 3; round += 1) globalThis.gc?.();
      const { heapUsed, external, rss } = process.memoryUsage();
      return {
        heapKb: heapUsed / 1024,
        externalKb: external / 1024,
        rssMb: rss / 1024 / 1024,
        resources: countEach(process.getActiveResourcesInfo()),
        listeners: watchers.size + listenersOf(process),
        live: voicewire.calls.size,
        inFlight: health.list().reduce((sum, { inFlight }) => sum + inFlight, 0),
        reasons,
        strays,
      };
    },
    async close() {
      watch.stop();
      await close();
    },
  };
}

/** The one thing that outlives a call and is listened to by it, with its listeners counted. */
function countWatchers(health) {
  const watchers = new Set();
  const watch = (listener) => {
    const unwatch = health.watch(listener);
    watchers.add(unwatch);
    return () => {
      watchers.delete(unwatch);
      unwatch();
    };
  };
  return { health: { ...health, watch }, watchers };
}

function listenersOf(emitter) {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}

function countEach(kinds) {
  const counts = {};
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
