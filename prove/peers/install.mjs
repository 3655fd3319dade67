// The peer, installed into a folder of its own: nothing of it enters the repository or its node_modules.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root, runNpm } from '../../scripts/lib/run.mjs';

/** What is installed: the framework, its plugins for the two vendors, and what they ask for beside them. */
const wanted = {
  '@livekit/agents': '1.9.0',
  '@livekit/agents-plugin-deepgram': '1.9.0',
  '@livekit/agents-plugin-elevenlabs': '1.9.0',
  '@livekit/rtc-node': '0.13.35',
  zod: '4.6.7',
};
const folder = join(root, '.cache/peers');

/** Installs what is missing and loads it; `versions` by package name. */
export async function loadPeer() {
  if (!isInstalled()) {
    console.error(`Installing ${nameOf('@livekit/agents')} into .cache/peers …`);
    mkdirSync(folder, { recursive: true });
    const manifest = { private: true, dependencies: wanted };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, undefined, 2));
    const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await runNpm(['install', ...quietly], { cwd: folder });
  }
  const load = createRequire(join(folder, 'package.json'));
  return {
    versions: wanted,
    agents: load('@livekit/agents'),
    deepgram: load('@livekit/agents-plugin-deepgram'),
    elevenlabs: load('@livekit/agents-plugin-elevenlabs'),
    rtc: load('@livekit/rtc-node'),
  };
}

function isInstalled() {
  return Object.entries(wanted).every(([name, version]) => {
    const manifest = join(folder, 'node_modules', name, 'package.json');
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version;
  });
}

function nameOf(name) {
  return `${name} ${wanted[name]}`;
}
