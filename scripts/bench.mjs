// `npm run bench`: the measurements of `bench/`, on freshly built packages.
import { join } from 'node:path';
import { become, root } from './lib/run.mjs';
import { setUp } from './lib/set-up.mjs';

await setUp();
become([join(root, 'bench/run.mjs'), ...process.argv.slice(2)]);
