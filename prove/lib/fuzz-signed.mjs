// Webhooks signed as the carrier signs them: over the URL and the form, sorted by name.
import { createHmac } from 'node:crypto';

/** https://www.twilio.com/docs/usage/webhooks/webhooks-security */
export function sign({ authToken }, url, parameters) {
  const names = [...new Set(parameters.map(([name]) => name))].sort();
  const valuesOf = (name) => parameters.filter(([other]) => other === name).map(([, value]) => value);
  const signed =
    url +
    names
      .map((name) =>
        [...new Set(valuesOf(name))]
          .sort()
          .map((value) => name + value)
          .join(''),
      )
      .join('');
  return createHmac('sha1', authToken).update(Buffer.from(signed, 'utf8')).digest('base64');
}

/** What the carrier says of a call that comes in, beside its ids and numbers. */
export const incoming = (carrier) => ({
  AccountSid: carrier.accountSid,
  ApiVersion: '2010-04-01',
  CallStatus: 'ringing',
  Direction: 'inbound',
});

/** Announces a call as the carrier does; resolves with where its media goes, and the token. */
export async function announce({ url: houseUrl, carrier }, fields) {
  const url = `${houseUrl}/voicewire/twilio/voice`;
  const parameters = Object.entries({ ...incoming(carrier), ...fields });
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'x-twilio-signature': sign(carrier, url, parameters) },
    body: new URLSearchParams(parameters),
  });
  const twiml = await response.text();
  const [, mediaUrl] = /<Stream url="([^"]+)"/.exec(twiml) ?? [];
  const named = [...twiml.matchAll(/<Parameter name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [
    name,
    value,
  ]);
  const { token, ...custom } = Object.fromEntries(named);
  if (mediaUrl === undefined || token === undefined)
    throw new Error(`no stream in ${response.status}: ${twiml}`);
  return { url: mediaUrl, token, parameters: custom };
}
