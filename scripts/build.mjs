// `npm run build`: every package with its declarations; by turbo and its cache, or without it one after another.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, runTool } from './lib/run.mjs';
import { buildPackage, installIfNeeded, requireNode } from './lib/set-up.mjs';
import { createSteps } from './lib/steps.mjs';
import { listWorkspaces } from './lib/workspaces.mjs';

/** Builds what changed, dependencies first. */
export async function buildAll() {
  if (existsSync(join(root, 'node_modules/turbo')) && process.env.VOICEWIRE_NO_TURBO !== '1') {
    await runTool('turbo', ['run', 'build', '--output-logs=errors-only'], {
      env: { TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
    });
    return;
  }
  for (const workspace of listWorkspaces()) {
    if (workspace.manifest.scripts?.build) await buildPackage(workspace);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  requireNode();
  const steps = createSteps();
  if (await steps.step('dependencies', installIfNeeded)) await steps.step('build', buildAll);
  steps.finish();
}
