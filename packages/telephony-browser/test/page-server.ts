// Serves the test's page and the worklet on loopback under a strict content policy, built as the package is.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function startPageServer(mediaUrl: string): Promise<PageServer> {
  const folder = await mkdtemp(join(tmpdir(), 'voicewire-page-'));
  await build({
    config: false,
    entry: { page: source('./phone-page.ts'), worklet: source('../src/worklet/index.ts') },
    outDir: folder,
    format: 'esm',
    platform: 'browser',
    splitting: false,
    silent: true,
  });
  const scripts = new Map<string, string>();
  for (const name of ['page', 'worklet']) {
    const text = await readFile(join(folder, `${name}.mjs`), 'utf8').catch(() =>
      readFile(join(folder, `${name}.js`), 'utf8'),
    );
    scripts.set(`/${name}.js`, text);
  }
  await rm(folder, { recursive: true });

  const server = createServer(({ url = '/' }, response) => {
    const script = scripts.get(url);
    response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript');
    response.setHeader(
      'content-security-policy',
      `default-src 'none'; script-src 'self'; connect-src ${mediaUrl}`,
    );
    response.end(
      script ??
        '<!doctype html><title>Phone</title><button>Sound</button><script type="module" src="/page.js"></script>',
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
