// The composition root: one configuration to providers, calls, API, page, and two loopback ports.
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { getRequestListener } from '@hono/node-server';
import { createApi } from '@voicewire/api';
import { loadConfig, watchConfig, type LoadedConfig } from '@voicewire/config';
import { createVoicewire, nodeListener, type Voicewire } from '@voicewire/core';
import { serveDashboard } from '@voicewire/dashboard';
import { adapters } from './adapters.js';
import { handleDemo } from './demo.js';
import { agent } from './shop.js';

export interface StartOptions {
  /** Default: the configuration that ships with this server. */
  readonly configFile?: string | undefined;
  readonly port?: number | undefined;
  readonly mediaPort?: number | undefined;
  readonly publicUrl?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly onWarning?: ((warning: { readonly code: string; readonly message: string }) => void) | undefined;
}

export interface RunningServer {
  readonly url: string;
  readonly mediaPort: number;
  readonly voicewire: Voicewire;
  readonly loaded: LoadedConfig;
  /** No new calls; live ones may finish for `graceMs`, then everything is closed. */
  close(graceMs?: number): Promise<void>;
}

export async function startServer(options: StartOptions = {}): Promise<RunningServer> {
  const file = options.configFile ?? fileURLToPath(new URL('../voicewire.config.yaml', import.meta.url));
  const source = { file, adapters, agent, env: options.env };
  const loaded = await loadConfig(source);
  const { config } = loaded;
  const host = config.server?.host ?? '127.0.0.1';

  const media = createServer();
  const page = createServer();
  const mediaPort = await listen(media, options.mediaPort ?? config.server?.mediaPort ?? 8081, host);
  const port = await listen(page, options.port ?? config.server?.port ?? 8080, host).catch(
    async (error: unknown) => {
      await closeServer(media);
      throw error;
    },
  );
  const voicewire = createVoicewire({
    ...loaded.options,
    publicUrl: options.publicUrl ?? config.server?.publicUrl ?? `http://127.0.0.1:${mediaPort}`,
  });
  const warn = options.onWarning ?? (() => undefined);
  voicewire.on('warning', warn);
  const onChange = (changed: LoadedConfig): void => {
    voicewire.reload(changed.options);
  };
  const stopWatching = watchConfig({ ...source, onChange, onError: warn });
  const { request, upgrade } = nodeListener(voicewire);
  media.on('request', request).on('upgrade', upgrade);

  const api = createApi({ voicewire, maxCalls: config.calls?.max });
  const answer = getRequestListener((incoming) => serve(incoming, { api, voicewire, loaded, mediaPort }));
  page.on('request', (incoming, response) => void answer(incoming, response));
  return {
    url: `http://127.0.0.1:${port}`,
    mediaPort,
    voicewire,
    loaded,
    async close(graceMs = 0) {
      api.drain();
      stopWatching();
      await voicewire.close({ graceMs });
      await Promise.all([page, media].map(closeServer));
    },
  };
}

interface Parts {
  readonly api: ReturnType<typeof createApi>;
  readonly voicewire: Voicewire;
  readonly loaded: LoadedConfig;
  readonly mediaPort: number;
}

async function serve(request: Request, { api, voicewire, loaded, mediaPort }: Parts): Promise<Response> {
  const { hostname } = new URL(request.url);
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  if (!isHere) return api.fetch(request);
  const demo = await handleDemo(request, { voicewire, providers: loaded.providers, agent, mediaPort });
  const page = demo ?? (await serveDashboard(request, { connectSources: [`ws://${hostname}:${mediaPort}`] }));
  return page ?? api.fetch(request);
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  // Slow or silent clients hold a connection for seconds, not for ever.
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
