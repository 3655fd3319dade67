// `npm run release`: builds everything, puts the licence into each package and publishes what is not on npm yet.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { buildAll } from './build.mjs';
import { root, runTool } from './lib/run.mjs';
import { listPublished } from './lib/workspaces.mjs';

await buildAll();
for (const { folder } of listPublished()) cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
await runTool('@changesets/cli', ['publish'], { show: true });
