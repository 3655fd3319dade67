import { packageConfig } from '../../tsup.base.js';

export default packageConfig({ clean: false }); // Vite cleans dist and writes the page there first.
