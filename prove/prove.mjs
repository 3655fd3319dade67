// `npm run prove`: every run, one after the other, each resumable by itself; the figures become docs/reliability.md.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parts } from './lib/parts.mjs';
import { writeReport } from './lib/report.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = `${root}.cache/prove`;
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    again: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
mkdirSync(folder, { recursive: true });

function run({ name, command }) {
  return new Promise((resolve, reject) => {
    const child = spawn(
      command[0] === 'npx' ? 'npx' : process.execPath,
      command[0] === 'npx' ? command.slice(1) : command,
      {
        cwd: root,
        env: { ...process.env, ...parts.find((part) => part.name === name).env },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.on('error', reject);
    child.on('exit', (code) => resolve({ code, output }));
  });
}

function fileOf(name) {
  return `${folder}/${name}.json`;
}

/** What was run; nothing outside a repository. The report itself changes with every part. */
function revision() {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  const { status, stdout } = git('describe', '--always');
  if (status !== 0) return undefined;
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':!docs/reliability.md').stdout;
  return `${stdout.trim()}${changed === '' ? '' : '-dirty'}`;
}

let isWell = true;
for (const part of parts) {
  if (options.only !== undefined && !options.only.includes(part.name)) continue;
  if (!options.again && existsSync(fileOf(part.name))) {
    console.log(`${part.name}: done before; --again repeats it`);
    continue;
  }
  console.log(`${part.name}: ${part.what} …`);
  const beganMs = performance.now();
  const { code, output } = await run(part);
  const minutes = Math.round((performance.now() - beganMs) / 6_000) / 10;
  const figures = part.read(output);
  const at = new Date().toISOString();
  writeFileSync(fileOf(part.name), JSON.stringify({ code, minutes, at, revision: revision(), figures }));
  isWell &&= code === 0;
  console.log(`${part.name}: ${code === 0 ? 'held' : 'BROKE'} after ${minutes} minutes`);
}

const results = parts.map((part) => ({
  part,
  result: existsSync(fileOf(part.name)) ? JSON.parse(readFileSync(fileOf(part.name), 'utf8')) : undefined,
}));
const machine = `${cpus().length} × ${cpus()[0].model}, ${Math.round(totalmem() / 1e9)} GB, Node ${process.versions.node}`;
writeFileSync(`${root}docs/reliability.md`, writeReport(results, machine));
console.log('docs/reliability.md is written.');
process.exitCode = isWell ? 0 : 1;
