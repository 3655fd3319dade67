// `npm run talk`: `voicewire talk` from the sources, with the reference server's configuration unless another is named.
import { join } from 'node:path';
import { become, root } from './lib/run.mjs';
import { setUp } from './lib/set-up.mjs';

await setUp();
const asked = process.argv.slice(2);
const isNamed = asked.some((argument) => /^--config(=|$)/.test(argument));
const ours = process.env.VOICEWIRE_CONFIG || join(root, 'examples/reference-server/voicewire.config.yaml');
const config = isNamed ? [] : ['--config', ours];
become([join(root, 'packages/cli/dist/bin.js'), 'talk', ...config, ...asked]);
