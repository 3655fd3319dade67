// The application under soak: chains whose first member fails often, and figures when they are asked for.
import { createMemoryCallStore } from '@voicewire/core';
import { serve } from '../../bench/serve.mjs';

const warnings = [];
process.on('warning', ({ name }) => warnings.push(name));
let rejections = 0;
process.on('unhandledRejection', () => (rejections += 1));

const reasons = {};
const { voicewire, tellPort } = await serve({
  ports: [process.env.FAULTY_PORT, process.env.PROVIDERS_PORT],
  // Few records, so that the store is full before anything is measured.
  store: createMemoryCallStore(100),
});
voicewire.on('call-over', ({ events }) => {
  const last = events.at(-1);
  const reason = last?.type === 'call-ended' ? last.reason : 'unknown';
  reasons[reason] = (reasons[reason] ?? 0) + 1;
});
process.on('message', () => {
  for (let round = 0; round < 3; round += 1) globalThis.gc();
  const resources = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const { heapUsed, external, rss } = process.memoryUsage();
  const health = voicewire.health();
  process.send({
    heapKb: heapUsed / 1024,
    externalKb: external / 1024,
    rssMb: rss / 1024 / 1024,
    resources,
    live: voicewire.calls.size,
    inFlight: health.reduce((sum, { inFlight }) => sum + inFlight, 0),
    reasons,
    warnings,
    rejections,
  });
});
tellPort();
