// `node scripts/faults.mjs`: are all faults on the list proved by the last whole run of the tests? `--write` renews the page.
import { checkFaults, writeFaults } from './lib/faults.mjs';
import { createSteps } from './lib/steps.mjs';

if (process.argv.includes('--write')) writeFaults();
const steps = createSteps();
await steps.step('faults', checkFaults);
steps.finish();
