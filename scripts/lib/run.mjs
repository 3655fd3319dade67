// Starting other programs: with their output shown or kept, and with our signals handed on.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A program that ended badly; `output` is what it had to say. */
export class CommandError extends Error {
  constructor(command, exitCode, output) {
    super(`${command} ended with ${exitCode}`);
    this.output = output;
  }
}

/** Runs a program to its end and returns its output; throws a CommandError unless it ends with 0. */
export function run(command, args, { cwd = root, env = {}, show = false } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr?.setEncoding('utf8').on('data', (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new CommandError([command, ...args].join(' '), code ?? signal, output));
    });
  });
}

/** Runs a JavaScript tool from node_modules on this Node, whatever the platform calls its launcher. */
export function runTool(packageName, args, options) {
  return run(process.execPath, [toolPath(packageName), ...args], options);
}

function toolPath(packageName) {
  const folder = join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : Object.values(bin)[0]);
}

/** Runs npm: the one that started us, else the one beside this Node, else the one on the path. */
export function runNpm(args, options) {
  const beside = join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');
  const script = process.env.npm_execpath ?? (existsSync(beside) ? beside : undefined);
  return script ? run(process.execPath, [script, ...args], options) : run('npm', args, options);
}

/** Becomes another program, as far as one can: its output, our signals, its exit code. */
export function become(args) {
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  // Ctrl-C reaches the whole group by itself, so we only have to outlive the child; other signals come to us alone.
  const forward = (signal) => signal !== 'SIGINT' && child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
  child.once('exit', (code, signal) => {
    process.exit(code ?? 128 + constants.signals[signal]);
  });
}
