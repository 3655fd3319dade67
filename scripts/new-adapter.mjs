// `npm run new-adapter stt acme`: a working package for a new provider, copied from the template of its kind.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { root, runTool } from './lib/run.mjs';

const kinds = readdirSync(join(root, 'templates'));

/** The template's provider is `acme`, in each of the forms that code writes a name in. */
function rename(text, provider) {
  const words = provider.split('-');
  const pascal = words.map((word) => word[0].toUpperCase() + word.slice(1)).join('');
  const camel = pascal[0].toLowerCase() + pascal.slice(1);
  return text
    .replace(/acme(?=[A-Z])/g, camel)
    .replace(/Acme/g, pascal)
    .replace(/ACME/g, words.join('_').toUpperCase())
    .replace(/acme/g, provider);
}

/** Writes the package and its page below `into`; returns their paths. */
function createAdapter(kind, provider, into) {
  const template = join(root, 'templates', kind);
  const folder = join(into, 'packages', `${kind}-${provider}`);
  if (existsSync(folder)) fail(`${folder} exists already.`);
  const files = readdirSync(template, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.map((entry) => {
    const source = join(entry.parentPath ?? entry.path, entry.name);
    const path = relative(template, source);
    const page = join(into, 'docs/adapters', kind, `${provider}.md`);
    const target = path === 'docs.md' ? page : join(folder, rename(path, provider));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, rename(readFileSync(source, 'utf8'), provider));
    return target;
  });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

const { positionals, values } = parseArgs({ allowPositionals: true, options: { into: { type: 'string' } } });
const [kind, provider] = positionals;
if (!kinds.includes(kind) || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(provider ?? '')) {
  fail(
    `Usage: npm run new-adapter <${kinds.join('|')}> <provider>, the provider in lower case, as in: stt acme`,
  );
}
const into = values.into ?? root;
const paths = createAdapter(kind, provider, into);
// A longer name breaks lines elsewhere.
const sources = paths.filter((path) => path.endsWith('.ts'));
await runTool('prettier', ['--write', '--config', join(root, '.prettierrc.json'), ...sources]);
for (const path of paths) console.log(`  ${relative(into, path)}`);
console.log(`
Its suite is green already:
  npm install
  npx vitest packages/${kind}-${provider}

What is next is in docs/contributing/add-an-adapter.md, from step 2:
  make *-wire.ts speak the provider's protocol, test first; then fake.ts; then the page in docs/adapters/${kind}/${provider}.md.`);
