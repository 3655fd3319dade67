import { copyFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { packageConfig } from '../../tsup.base.js';

const viewer = createRequire(import.meta.url).resolve('rapidoc/dist/rapidoc-min.js');

export default packageConfig({ onSuccess: () => copyFile(viewer, 'dist/rapidoc-min.js') });
