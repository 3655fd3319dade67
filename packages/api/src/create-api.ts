// The REST API of calls as one web-standard handler.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { isVoiceError, type VoiceError, type Voicewire } from '@voicewire/core';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';
import { boundedBody } from './bounded-body.js';
import { eventStream } from './event-stream.js';
import {
  callSchema,
  dialSchema,
  errorSchema,
  healthSchema,
  toCall,
  toLines,
  toProvider,
  transcriptSchema,
} from './schemas.js';

export interface ApiOptions {
  readonly voicewire: Voicewire;
  /** As given to Voicewire: what `/health` calls full. Default 300. */
  readonly maxCalls?: number | undefined;
  /** Hosts that may be asked besides this machine's own names; until there is auth, name only what a trusted proxy sets. */
  readonly allowedHosts?: readonly string[] | undefined;
}

export interface Api {
  fetch(request: Request): Response | Promise<Response>;
  /** From now on `/health/ready` says no: a load balancer looks elsewhere, live calls go on. */
  drain(): void;
}

const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

const idParameter = z.object({ id: z.string().openapi({ param: { name: 'id', in: 'path' } }) });
const notFound = json(errorSchema, 'No such call');

const routes = {
  dial: createRoute({
    method: 'post',
    path: '/api/v1/calls',
    summary: 'Call somebody',
    request: { body: { required: true, content: { 'application/json': { schema: dialSchema } } } },
    responses: {
      201: json(callSchema, 'The carrier took the call'),
      400: json(errorSchema, 'The request is wrong'),
      502: json(errorSchema, 'The carrier failed, or its answer is unclear'),
      503: json(errorSchema, 'All lines are busy, or the tenant has spent what it may'),
    },
  }),
  list: createRoute({
    method: 'get',
    path: '/api/v1/calls',
    summary: 'The latest calls, newest first',
    request: { query: z.object({ limit: z.coerce.number().int().min(1).max(200).default(50) }) },
    responses: { 200: json(z.object({ calls: z.array(callSchema) }), 'Calls') },
  }),
  get: createRoute({
    method: 'get',
    path: '/api/v1/calls/{id}',
    summary: 'One call',
    request: { params: idParameter },
    responses: { 200: json(callSchema, 'The call'), 404: notFound },
  }),
  end: createRoute({
    method: 'delete',
    path: '/api/v1/calls/{id}',
    summary: 'Hang up',
    request: { params: idParameter },
    responses: {
      200: json(callSchema, 'The call, over'),
      404: notFound,
      502: json(errorSchema, 'The carrier failed'),
    },
  }),
  transcript: createRoute({
    method: 'get',
    path: '/api/v1/calls/{id}/transcript',
    summary: 'What was said, and what of the agent was heard',
    request: { params: idParameter },
    responses: { 200: json(transcriptSchema, 'The transcript so far'), 404: notFound },
  }),
  events: createRoute({
    method: 'get',
    path: '/api/v1/calls/{id}/events',
    summary: 'The call log, live (Server-Sent Events)',
    request: { params: idParameter },
    responses: {
      200: {
        description: 'One JSON event per message, its seq as id',
        content: { 'text/event-stream': { schema: z.string() } },
      },
      204: { description: 'The call is over and all of it was read: do not ask again' },
      404: notFound,
    },
  }),
  health: createRoute({
    method: 'get',
    path: '/health',
    summary: 'How this process stands',
    responses: { 200: json(healthSchema, 'Alive') },
  }),
  live: createRoute({
    method: 'get',
    path: '/health/live',
    summary: 'Alive at all',
    responses: { 200: json(healthSchema, 'Alive') },
  }),
  ready: createRoute({
    method: 'get',
    path: '/health/ready',
    summary: 'Whether new calls are welcome',
    responses: { 200: json(healthSchema, 'Ready'), 503: json(healthSchema, 'Not ready') },
  }),
};

function problem(code: string, message: string): z.infer<typeof errorSchema> {
  return { error: { code, message } };
}

const noSuchCall = problem('api.not_found', 'There is no call with this id, or it is too long ago.');

export function createApi(options: ApiOptions): Api {
  const state = { isDraining: false };
  const app = new OpenAPIHono({
    defaultHook: (result, context) => {
      if (result.success) return undefined;
      const message = result.error.issues
        .map(({ path, message: text }) => `${path.join('.') || 'body'}: ${text}`)
        .join('; ');
      return context.json(problem('api.invalid_request', message), 400);
    },
  });
  app.use(secureHeaders());
  app.use(onlyKnownHosts(options.allowedHosts ?? []));
  app.use(
    boundedBody({
      maxBytes: 64 * 1024,
      tooLarge: problem('api.too_large', 'At most 64 KiB.'),
      brokenOff: problem('api.invalid_request', 'The body broke off.'),
    }),
  );
  addCalls(app, options.voicewire);
  addHealth(app, options, state);
  addDocs(app);
  app.notFound((context) => context.json(problem('api.not_found', 'There is nothing here. See /docs.'), 404));
  app.onError((error, context) => {
    if (isVoiceError(error)) return context.json(problem(error.code, error.message), statusOf(error));
    if (error instanceof HTTPException && error.status < 500)
      return context.json(problem('api.invalid_request', error.message), error.status);
    return context.json(problem('api.failed', 'Something went wrong on our side.'), 500);
  });
  return {
    fetch: (request) => app.fetch(request),
    drain: () => {
      state.isDraining = true;
    },
  };
}

/** Ours are the caller's mistakes, a full house and a tenant that has spent all it may; all else is the carrier's. */
function statusOf(error: VoiceError): 400 | 502 | 503 {
  if (error.class === 'invalid_request') return 400;
  return error.class === 'capacity' || error.code === 'call.spending_limit' ? 503 : 502;
}

/** A page elsewhere can make a browser ask us under its own name: DNS rebinding. Without auth only our own names count. */
function onlyKnownHosts(allowed: readonly string[]): Parameters<OpenAPIHono['use']>[1] {
  const known = new Set(['localhost', '127.0.0.1', '[::1]', ...allowed]);
  return async (context, next) => {
    const host = context.req.header('host') ?? new URL(context.req.url).host;
    if (known.has(host.replace(/:\d+$/, '').toLowerCase())) return next();
    return context.json(
      problem(
        'api.unknown_host',
        'This host name is not served. Until there is auth, the API answers on this machine only.',
      ),
      403,
    );
  };
}

function addCalls(app: OpenAPIHono, voicewire: Voicewire): void {
  const { store, calls } = voicewire;
  app.openapi(routes.dial, async (context) => {
    const { to_number: to, from_number: from, context: known } = context.req.valid('json');
    const record = await voicewire.dial({ to, from, context: known, signal: context.req.raw.signal });
    return context.json(toCall(record), 201);
  });
  app.openapi(routes.list, (context) => {
    const { limit } = context.req.valid('query');
    return context.json({ calls: store.list().slice(0, limit).map(toCall) }, 200);
  });
  app.openapi(routes.get, (context) => {
    const record = store.get(context.req.valid('param').id);
    return record === undefined ? context.json(noSuchCall, 404) : context.json(toCall(record), 200);
  });
  app.openapi(routes.end, async (context) => {
    const record = await voicewire.hangup(context.req.valid('param').id);
    return record === undefined ? context.json(noSuchCall, 404) : context.json(toCall(record), 200);
  });
  app.openapi(routes.transcript, (context) => {
    const { id } = context.req.valid('param');
    const events = calls.get(id)?.snapshot() ?? store.get(id)?.events;
    if (events === undefined) return context.json(noSuchCall, 404);
    return context.json({ id, lines: [...toLines(events)] }, 200);
  });
  app.openapi(routes.events, (context) => {
    const { id } = context.req.valid('param');
    const record = store.get(id);
    if (record === undefined) return context.json(noSuchCall, 404);
    const after = /^\d{1,9}$/.exec(context.req.header('last-event-id') ?? '')?.[0] ?? 0;
    const isRead = record.standing === 'over' && (record.events.at(-1)?.seq ?? 0) <= Number(after);
    // Browsers connect again by themselves; this is how they are told not to.
    if (isRead) return context.body(null, 204);
    return eventStream(voicewire, id, Number(after), context.req.raw.signal);
  });
}

function addHealth(
  app: OpenAPIHono,
  { voicewire, maxCalls = 300 }: ApiOptions,
  state: { isDraining: boolean },
): void {
  const health = (): z.infer<typeof healthSchema> => {
    const calls = voicewire.calls.size;
    // Full is also who is late: one call more would be heard by all.
    const isFull = calls >= maxCalls || !voicewire.isReady();
    const status = state.isDraining ? 'closing' : isFull ? 'full' : 'ok';
    return { status, calls, max_calls: maxCalls, providers: voicewire.health().map(toProvider) };
  };
  app.openapi(routes.health, (context) => context.json(health(), 200));
  app.openapi(routes.live, (context) => context.json(health(), 200));
  app.openapi(routes.ready, (context) => {
    const now = health();
    return context.json(now, now.status === 'ok' ? 200 : 503);
  });
}

const viewerPage = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Voicewire API</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><script type="module" src="/docs/viewer.js"></script></head>
<body><rapi-doc spec-url="/openapi.json" render-style="read" load-fonts="false" show-header="false" allow-spec-url-load="false"
 allow-spec-file-load="false" allow-server-selection="false" allow-authentication="false" theme="light"></rapi-doc></body></html>`;

/** Everything the page needs comes from here: no content network, no fonts from elsewhere. */
const viewerPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

function addDocs(app: OpenAPIHono): void {
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Voicewire', version: '1', description: 'Calls: start, watch, read, end.' },
  });
  app.get('/docs', (context) => context.html(viewerPage, 200, { 'content-security-policy': viewerPolicy }));
  app.get('/docs/viewer.js', async (context) => {
    return context.body(await viewerScript(), 200, { 'content-type': 'text/javascript; charset=utf-8' });
  });
}

/** Beside the built file; from sources, where the development dependency is. */
async function viewerScript(): Promise<string> {
  try {
    return await readFile(new URL('./rapidoc-min.js', import.meta.url), 'utf8');
  } catch {
    return readFile(createRequire(import.meta.url).resolve('rapidoc/dist/rapidoc-min.js'), 'utf8');
  }
}
