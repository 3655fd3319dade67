// The suites are trusted because they have been seen to fail: every check has a broken adapter that it notices.
import { openLlmBench } from '../src/conformance/llm-bench.js';
import { llmChecks } from '../src/conformance/llm.js';
import { failureChecks, identityChecks, stoppingChecks } from '../src/conformance/shared-checks.js';
import { openSttBench } from '../src/conformance/stt-bench.js';
import { sttChecks } from '../src/conformance/stt.js';
import { openTelephonyBench } from '../src/conformance/telephony-bench.js';
import { telephonyChecks } from '../src/conformance/telephony.js';
import { openTtsBench } from '../src/conformance/tts-bench.js';
import { ttsChecks } from '../src/conformance/tts.js';
import { describeBroken } from './broken/harness.js';
import { brokenLlm } from './broken/llm.js';
import { brokenStt } from './broken/stt.js';
import { acmeKey, brokenTelephony } from './broken/telephony.js';
import { brokenTts } from './broken/tts.js';
import { acmeLlmDialect } from './reference/llm/fake.js';
import { acmeSttDialect } from './reference/stt/fake.js';
import { announceCall, createAcmeCarrier } from './reference/telephony/fake.js';
import { acmeTtsDialect } from './reference/tts/fake.js';

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

/** The very same checks, proved with speech to text. */
const provenElsewhere = [...failureChecks, ...stoppingChecks, ...identityChecks].map(({ title }) => title);

describeBroken({
  kind: 'text-to-speech',
  checks: ttsChecks,
  members: brokenTts,
  provenElsewhere,
  factsOf: ({ createAdapter }) => ({
    capabilities: createAdapter(nowhere).capabilities,
    dialect: acmeTtsDialect,
  }),
  openBench: ({ createAdapter }) => openTtsBench({ dialect: acmeTtsDialect, deadlineMs, createAdapter }),
});

describeBroken({
  kind: 'language-model',
  checks: llmChecks,
  members: brokenLlm,
  provenElsewhere,
  factsOf: ({ createAdapter }) => ({
    capabilities: createAdapter(nowhere).capabilities,
    dialect: acmeLlmDialect,
  }),
  openBench: ({ createAdapter }) => openLlmBench({ dialect: acmeLlmDialect, deadlineMs, createAdapter }),
});

const publicUrl = 'wss://calls.example.com/media';
const hookUrl = 'https://calls.example.com/webhooks/acme';
const carrier = createAcmeCarrier(acmeKey);
const webhook = {
  request: () => announceCall(acmeKey, hookUrl),
  context: { publicUrl: hookUrl },
  expects: 'call-incoming',
} as const;

describeBroken({
  kind: 'telephony',
  checks: telephonyChecks,
  members: brokenTelephony,
  factsOf: ({ createAdapter }) => ({ adapter: createAdapter(), dialect: carrier, webhook, hasOther: true }),
  openBench: async ({ createAdapter, createOther }) =>
    openTelephonyBench({ dialect: carrier, deadlineMs, publicUrl, webhook, createAdapter, createOther }),
});
