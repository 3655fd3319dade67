// A proxy without rules is not noticed: the reference adapters keep their contracts through it.
import { describe, it } from 'vitest';
import { acmeLlmDialect } from '../../test/reference/llm/fake.js';
import { createAcmeLlm } from '../../test/reference/llm/index.js';
import { acmeSttDialect } from '../../test/reference/stt/fake.js';
import { createAcmeStt } from '../../test/reference/stt/index.js';
import { acmeTtsDialect } from '../../test/reference/tts/fake.js';
import { createAcmeTts } from '../../test/reference/tts/index.js';
import { describeLlmConformance } from '../conformance/llm.js';
import { describeSttConformance } from '../conformance/stt.js';
import { describeTtsConformance } from '../conformance/tts.js';
import { startLlmFake } from '../fakes/llm-fake.js';
import type { ProviderFake } from '../fakes/provider-fake.js';
import { startSttFake } from '../fakes/stt-fake.js';
import { startTtsFake } from '../fakes/tts-fake.js';
import { startChaosProxy } from './chaos-proxy.js';

const test = { describe, it };

/** The system's buffers of two connections hold more than this check sends. */
const skipUnread = (what: string): Readonly<Record<string, string>> => ({
  [`stops reading the provider while nobody reads its ${what}, and loses none`]:
    'two connections hold it all',
});

/** The same fake, at the address of a proxy before it. */
async function behindProxy<Fake extends ProviderFake<unknown>>(starting: Promise<Fake>): Promise<Fake> {
  const fake = await starting;
  const proxy = await startChaosProxy({ target: fake.url });
  const close = async (): Promise<void> => {
    await proxy.close();
    await fake.close();
  };
  return Object.create(fake, {
    url: { value: proxy.url },
    wsUrl: { value: proxy.wsUrl },
    close: { value: close },
  }) as Fake;
}

describeSttConformance({
  name: 'acme behind a proxy',
  skip: skipUnread('results'),
  test,
  dialect: acmeSttDialect,
  startFake: (options) => behindProxy(startSttFake(acmeSttDialect, options)),
  createAdapter: ({ wsUrl, apiKey }) => createAcmeStt({ baseUrl: wsUrl, apiKey }),
});

describeTtsConformance({
  name: 'acme behind a proxy',
  skip: skipUnread('audio'),
  test,
  dialect: acmeTtsDialect,
  startFake: (options) => behindProxy(startTtsFake(acmeTtsDialect, options)),
  createAdapter: ({ wsUrl, apiKey }) => createAcmeTts({ baseUrl: wsUrl, apiKey }),
});

describeLlmConformance({
  name: 'acme behind a proxy',
  skip: skipUnread('parts'),
  test,
  dialect: acmeLlmDialect,
  startFake: (options) => behindProxy(startLlmFake(acmeLlmDialect, options)),
  createAdapter: ({ url, apiKey }) => createAcmeLlm({ baseUrl: url, apiKey }),
});
