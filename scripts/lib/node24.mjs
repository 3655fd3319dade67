// A Node 24 beside ours, from npm, in `.cache`: as a dependency of the repository its `node` would shadow ours.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, runNpm } from './run.mjs';
import { SkipStep } from './steps.mjs';

const folder = join(root, '.cache/node24');
const binary = join(folder, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** The path of a Node 24, installed on first use. Throws a SkipStep where it can't be had. */
export async function findNode24() {
  if (process.versions.node.startsWith('24.')) return process.execPath;
  if (!existsSync(binary)) await install();
  const version = await run(binary, ['--version']).catch(() => 'none');
  if (!version.startsWith('v24.')) throw new SkipStep(`the npm package node@24 gave ${version.trim()}`);
  return binary;
}

async function install() {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  try {
    await runNpm(['install', '--no-save', '--loglevel=error', 'node@24'], { cwd: folder });
  } catch (error) {
    throw new SkipStep(`node@24 can't be installed: ${error.message}`);
  }
}
