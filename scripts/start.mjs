// `npm start`: from a fresh clone to a running reference server.
import { join } from 'node:path';
import { become, root } from './lib/run.mjs';
import { setUp } from './lib/set-up.mjs';

await setUp();
console.log('Starting the reference server …');
become([join(root, 'examples/reference-server/dist/main.js'), ...process.argv.slice(2)]);
