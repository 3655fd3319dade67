// How every package is built: ES modules and declarations for Node 20, one output file per entry of its package.json.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Options } from 'tsup';

interface Manifest {
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** Leaves declarations out: several times faster, and enough to run. */
const isFast = process.env['VOICEWIRE_FAST_BUILD'] === '1';

/** Dependencies and peers, `@voicewire/*` among them, stay imports: nothing that package.json names is bundled. */
export function packageConfig(options: Options = {}): ReturnType<typeof defineConfig> {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
  const exported = outputNames(Object.values(manifest.exports ?? {}).map(defaultTarget));
  // Code for web pages has the browser's types; with those of Node they contradict each other.
  const lib = exported.includes('client') ? ['ES2023', 'DOM', 'DOM.Iterable'] : ['ES2023'];
  return defineConfig({
    entry: { ...entries(exported), ...startedByName() },
    dts: isFast || exported.length === 0 ? false : { entry: entries(exported), compilerOptions: { lib } },
    format: 'esm',
    target: 'node20',
    platform: 'node',
    tsconfig: fileURLToPath(new URL('./tsconfig.build.json', import.meta.url)),
    clean: true,
    splitting: true,
    sourcemap: true,
    silent: true,
    ...options,
  });
}

/** The run-time file of one line of `exports`. */
function defaultTarget(target: unknown): string {
  if (typeof target === 'string') return target;
  return (target as { readonly default?: string }).default ?? '';
}

/** `./dist/adapter.js` is built from the source named `adapter`; assets and patterns are nobody's source. */
function outputNames(targets: readonly string[]): readonly string[] {
  return targets
    .filter((target) => /^\.\/dist\/[\w-]+\.js$/.test(target))
    .map((target) => basename(target, '.js'));
}

function entries(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => [name, existsSync(`src/${name}.ts`) ? `src/${name}.ts` : `src/${name}/index.ts`]),
  );
}

/** Files that no export names because something else starts them: an application's `main.ts`, a command's `bin.ts`, a thread's `*worker.ts`. */
function startedByName(): Record<string, string> {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' });
  const started = files.filter((file) => /^(main|bin)\.ts$|worker\.ts$/.test(file));
  return Object.fromEntries(started.map((file) => [basename(file, '.ts'), join('src', file)]));
}
