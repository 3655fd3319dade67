// The suites are trusted because they have been seen to fail: every check has a broken adapter that it notices.
import { openSttBench } from '../src/conformance/stt-bench.js';
import { sttChecks } from '../src/conformance/stt.js';
import { describeBroken } from './broken/harness.js';
import { brokenStt } from './broken/stt.js';
import { acmeSttDialect } from './reference/stt/fake.js';

/** Long enough for a busy machine; what hangs is broken. */
const deadlineMs = 2500;
const nowhere = { url: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9', apiKey: 'nobody' };

describeBroken({
  kind: 'speech-to-text',
  checks: sttChecks,
  members: brokenStt,
  factsOf: ({ createAdapter }) => ({
    capabilities: createAdapter(nowhere).capabilities,
    dialect: acmeSttDialect,
  }),
  openBench: ({ createAdapter }) => openSttBench({ dialect: acmeSttDialect, deadlineMs, createAdapter }),
});
