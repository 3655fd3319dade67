// Entry point `@voicewire/core/disk`: what is kept, kept in files. The only place of core that touches them.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from './clock/system-clock.js';
import { ConfigError } from './errors/config-error.js';
import type { ByteStorage } from './spec/storage.js';

export type { ByteStorage } from './spec/storage.js';

export interface DiskStorageOptions {
  /** Made when the first bytes are put there; several processes may share it. */
  readonly directory: string;
  /** Of all files together; what was not used for longest is removed. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
}

const defaultMaxBytes = 64 * 1024 * 1024;
const validKey = /^[\w-]{1,128}$/;
const suffix = '.bin';

/** A file for each key, written whole or not at all: a process that dies, or a full disk, leaves nothing half. */
export function createDiskStorage({
  directory,
  maxBytes = defaultMaxBytes,
}: DiskStorageOptions): ByteStorage {
  let before: Promise<unknown> = Promise.resolve();

  async function write(path: string, bytes: Uint8Array): Promise<void> {
    await mkdir(directory, { recursive: true });
    const partial = join(directory, `${randomUUID()}.part`);
    try {
      const file = await open(partial, 'wx');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    await makeRoom(directory, maxBytes);
  }

  return {
    async get(key) {
      const path = fileOf(directory, key);
      const bytes = await readFile(path).catch(unlessMissing);
      if (bytes === undefined) return undefined;
      const nowSeconds = wallMs() / 1_000;
      await utimes(path, nowSeconds, nowSeconds).catch(unlessMissing);
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    put(key, bytes) {
      // One at a time: room is counted over all files.
      const written = before.then(() => write(fileOf(directory, key), bytes));
      before = written.catch(() => undefined);
      return written;
    },
  };
}

function fileOf(directory: string, key: string): string {
  if (validKey.test(key)) return join(directory, `${key}${suffix}`);
  throw new ConfigError({
    code: 'config.invalid_option',
    path: 'key',
    message: 'this is no name for something that is kept',
    found: JSON.stringify(key),
    allowed: 'at most 128 letters, digits, "-" and "_"',
  });
}

/** Another process may remove a file at any moment. */
function unlessMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

/** As the times of files are counted. */
const wallMs = (): number => performance.timeOrigin + systemClock.now();

/** A writer that died an hour ago does not come back for what it left. */
const abandonedAfterMs = 3_600_000;

async function makeRoom(directory: string, maxBytes: number): Promise<void> {
  const files = await filesIn(directory);
  const now = wallMs();
  const left = files.filter(
    ({ path, usedAtMs }) => path.endsWith('.part') && now - usedAtMs > abandonedAfterMs,
  );
  const kept = files
    .filter(({ path }) => path.endsWith(suffix))
    .sort((one, other) => other.usedAtMs - one.usedAtMs);
  let total = 0;
  const tooMuch = kept.filter(({ size }) => (total += size) > maxBytes);
  await Promise.all([...left, ...tooMuch].map(({ path }) => rm(path, { force: true })));
}

async function filesIn(
  directory: string,
): Promise<readonly { readonly path: string; readonly size: number; readonly usedAtMs: number }[]> {
  const names = await readdir(directory);
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const info = await stat(path).catch(unlessMissing);
      return info?.isFile() === true ? [{ path, size: info.size, usedAtMs: info.mtimeMs }] : [];
    }),
  );
  return found.flat();
}
