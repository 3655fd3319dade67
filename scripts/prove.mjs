// `npm run simulate` and its like: a run of `prove/`, on freshly built packages.
import { join } from 'node:path';
import { become, root } from './lib/run.mjs';
import { setUp } from './lib/set-up.mjs';

const [name, ...args] = process.argv.slice(2);
await setUp();
become([join(root, 'prove', `${name}.mjs`), ...args]);
