import { packageConfig } from '../../tsup.base.js';

export default packageConfig({ entry: ['src/main.ts', 'src/adapters.ts', 'src/shop.ts'] });
