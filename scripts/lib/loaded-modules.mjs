// Prints, as JSON, what importing one module loads: the packages by name, and how long it took.
// Usage: node loaded-modules.mjs <specifier or URL>
import { createRequire, register } from 'node:module';
import { MessageChannel } from 'node:worker_threads';

const hooks = `
let port;
export const initialize = (data) => { port = data.port; };
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  port.postMessage(found.url);
  return found;
}`;

const { port1, port2 } = new MessageChannel();
register(`data:text/javascript,${encodeURIComponent(hooks)}`, {
  data: { port: port2 },
  transferList: [port2],
});

const last = 'data:text/javascript,';
const urls = new Set();
const heardAll = new Promise((resolve) => {
  port1.on('message', (url) => (url === last ? resolve() : urls.add(url)));
});
await import(process.argv[2]);
await import(last);
await heardAll;
port1.close();
// CommonJS modules load one another without asking the hooks.
const required = Object.keys(createRequire(import.meta.url).cache);

const packages = [...urls, ...required].map(
  (path) => /^.*node_modules\/((@[^/]+\/)?[^/]+)\//.exec(path)?.[1],
);
console.log(JSON.stringify([...new Set(packages.filter(Boolean))].sort()));
