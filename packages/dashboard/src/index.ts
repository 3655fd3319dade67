// What servers import from '@voicewire/dashboard': the built page as files, and a handler that serves them.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with the built page: `index.html`, and `assets/` whose names change with their content. */
export const dashboardFolder: string = fileURLToPath(new URL('../dist/app/', import.meta.url));

export interface ServeDashboardOptions {
  /** Where the page may open sockets besides its own origin, as `ws://127.0.0.1:8081`. */
  readonly connectSources?: readonly string[] | undefined;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.md': 'text/plain; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
};

interface PageFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly tag: string;
}

/** Read once; the page does not change while a server runs. */
const files = new Map<string, Promise<PageFile>>();
let knownPaths: ReadonlySet<string> = new Set();

/** Answers requests for the page with a strict content policy. Undefined for every path that is none of its files. */
export function serveDashboard(
  request: Request,
  options: ServeDashboardOptions = {},
): Promise<Response> | undefined {
  const { pathname } = new URL(request.url);
  const path = pathname === '/' ? 'index.html' : pathname.slice(1);
  if (knownPaths.size === 0) knownPaths = listPaths();
  if (knownPaths.size === 0 && path === 'index.html') return Promise.resolve(notBuilt());
  return knownPaths.has(path) ? respond(request, path, options) : undefined;
}

/** Only what is listed is served, so no path can lead out of the folder. */
function listPaths(): ReadonlySet<string> {
  if (!existsSync(dashboardFolder)) return new Set();
  const entries = readdirSync(dashboardFolder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return new Set(paths.map((path) => path.slice(dashboardFolder.length).replaceAll('\\', '/')));
}

async function respond(request: Request, path: string, options: ServeDashboardOptions): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return new Response(null, { status: 405, headers: { allow: 'GET, HEAD' } });
  }
  const { body, tag } = await load(path);
  const headers = {
    ...securityHeaders(options),
    'content-type': types[extname(path)] ?? 'application/octet-stream',
    'cache-control': path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: tag,
  };
  if (request.headers.get('if-none-match') === tag) return new Response(null, { status: 304, headers });
  return new Response(request.method === 'HEAD' ? null : body, { headers });
}

function load(path: string): Promise<PageFile> {
  const known = files.get(path);
  if (known) return known;
  const file = readFile(join(dashboardFolder, path)).then((bytes) => ({
    body: Uint8Array.from(bytes),
    tag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
  }));
  files.set(path, file);
  return file;
}

function securityHeaders({ connectSources = [] }: ServeDashboardOptions): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    `connect-src ${["'self'", ...connectSources].join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'permissions-policy': 'microphone=(self), camera=(), geolocation=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
  };
}

function notBuilt(): Response {
  const text = 'The page is not built yet. Run: npm run build -w @voicewire/dashboard';
  return new Response(text, { status: 503, headers: { 'content-type': 'text/plain; charset=utf-8' } });
}
