// How every package is built: ES modules and declarations for Node 20, one file per entry of its package.json.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { defineConfig, type Options } from 'tsup';

interface Manifest {
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
}

/** Leaves declarations out: three times faster, enough to run. */
const isFast = process.env['VOICEWIRE_FAST_BUILD'] === '1';

/** Dependencies and peers, @voicewire/* among them, stay imports: tsup bundles nothing that package.json names. */
export function packageConfig(options: Options = {}): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry: findEntries(process.cwd()),
    format: 'esm',
    target: 'node20',
    platform: 'node',
    dts: isFast ? false : { entry: findTypedEntries(process.cwd()) },
    tsconfig: join(import.meta.dirname, 'tsconfig.build.json'),
    clean: true,
    splitting: true,
    sourcemap: true,
    silent: true,
    ...options,
  });
}

/** What package.json exports or runs, an application's main file, and the files that worker threads start with. */
function findEntries(root: string): Record<string, string> {
  const names = [...exportedNames(root), ...(existsSync(join(root, 'src/main.ts')) ? ['main'] : [])];
  const entries = names.map((name) => [name, sourceOf(root, name)] as const);
  const workers = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('worker.ts'))
    .map((path) => [basename(path, '.ts'), join('src', path)] as const);
  return Object.fromEntries([...entries, ...workers]);
}
