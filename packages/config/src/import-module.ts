// Modules that a configuration is, or names: TypeScript or JavaScript, read anew each time.
import { existsSync } from 'node:fs';
import { ConfigError, type ConfigProblem } from '@voicewire/core';

/** The module's exports. Throws a ConfigError at `place`, with the place in the module where it says one. */
export async function importModule(
  file: string,
  place: Pick<ConfigProblem, 'file' | 'path'>,
): Promise<Readonly<Record<string, unknown>>> {
  if (!existsSync(file))
    throw new ConfigError({
      code: 'config.unreadable',
      ...place,
      message: 'there is no such module; check the path',
      found: file,
    });
  // A loader for TypeScript takes a while to load itself: only whoever needs it waits for it.
  const { createJiti } = await import('jiti');
  try {
    return await createJiti(import.meta.url, { moduleCache: false }).import(file);
  } catch (error) {
    // What was thrown may hold anything the module knows, keys among it; its name and its place do not.
    const name = error instanceof Error ? error.name : 'something that is no error';
    const line = lineOf(error, file);
    throw new ConfigError({
      code: 'config.unreadable',
      ...place,
      line: place.file === undefined || line === undefined ? undefined : Number(line),
      message: 'this module can not be loaded; run it alone to see what it says, which may hold secrets',
      found: `${name} in ${file}${line === undefined ? '' : `:${line}`}`,
    });
  }
}

/** A parser says where it stopped, the engine where something was thrown. */
function lineOf(error: unknown, file: string): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const text = `${error.message}\n${error.stack ?? ''}`;
  const start = text.indexOf(`${file}:`);
  return start < 0 ? undefined : /^\d+/.exec(text.slice(start + file.length + 1))?.[0];
}
