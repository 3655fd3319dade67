// A port in front of another that fails a share of its connections: reset, cut, or silent from some moment on; by seed.
import { connect, createServer } from 'node:net';

/** The same numbers for the same seed. */
export function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export async function startFaultyPort(target, { share, seed = 1 }) {
  const random = createRandom(seed);
  const counts = { connections: 0, faults: 0 };
  const server = createServer((client) => {
    counts.connections += 1;
    const upstream = connect(target, '127.0.0.1');
    const both = [client, upstream];
    for (const socket of both) socket.on('error', () => both.forEach((one) => one.destroy()));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.pipe(upstream).pipe(client);
    if (random() >= share) return;
    counts.faults += 1;
    const kind = Math.floor(random() * 3);
    const timer = setTimeout(() => {
      if (kind === 0) client.resetAndDestroy();
      else if (kind === 1) both.forEach((one) => one.destroy());
      else upstream.unpipe(client);
    }, random() * 2_500);
    client.on('close', () => clearTimeout(timer));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, counts, close: () => server.close() };
}
