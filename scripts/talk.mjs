// `npm run talk`: `voicewire talk` from the sources.
import { join } from 'node:path';
import { become, root } from './lib/run.mjs';
import { setUp } from './lib/set-up.mjs';

await setUp();
become([join(root, 'packages/cli/dist/bin.js'), 'talk', ...process.argv.slice(2)]);
