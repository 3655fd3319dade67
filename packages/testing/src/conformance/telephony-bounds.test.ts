// The forgeries of the telephony suite are forgeries: whatever a webhook's body ends with, altered means altered.
import { describe, expect, it } from 'vitest';
import { sign, signatureHeader } from '../../test/reference/telephony/acme-signature.js';
import { createAcmeCarrier } from '../../test/reference/telephony/fake.js';
import { createAcmeTelephony } from '../../test/reference/telephony/index.js';
import { runCheck } from './check.js';
import { openTelephonyBench } from './telephony-bench.js';
import { telephonyBoundChecks } from './telephony-bounds.js';

const apiKey = 'fake-key-0123456789';
const hookUrl = 'https://calls.example.com/webhooks/acme';

async function checkForgeries(body: string): Promise<void> {
  const check = telephonyBoundChecks.find(({ title }) => title.includes('an altered body'));
  if (check === undefined) return expect.unreachable('the check has another title');
  const signature = sign(apiKey, hookUrl, Buffer.from(body));
  return runCheck(check, async () =>
    openTelephonyBench({
      dialect: createAcmeCarrier(apiKey),
      deadlineMs: 1000,
      publicUrl: 'wss://calls.example.com/media',
      webhook: {
        request: () =>
          new Request(hookUrl, { method: 'POST', headers: { [signatureHeader]: signature }, body }),
        context: { publicUrl: hookUrl },
        expects: 'call-incoming',
      },
      createAdapter: () => createAcmeTelephony({ apiKey }),
      createOther: undefined,
    }),
  );
}

describe('the check of forged webhooks', () => {
  it.each(['+15550109', '+15550100', 'sip:somebody'])('alters a body that ends with %s', async (to) => {
    await checkForgeries(JSON.stringify({ event: 'incoming', call: 'call', from: 'sip:me', to }));
  });

  it('says so when there is nothing to alter', async () => {
    await expect(checkForgeries('')).rejects.toThrow(/nothing to alter/);
  });
});
