// Surface 4: requests to the webhooks of a mounted Voicewire over plain sockets: forged, cut, huge, odd, and genuine with odd fields.
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { damageBytes, damageText } from './fuzz-mutate.mjs';
import { incoming, sign } from './fuzz-signed.mjs';
import { numbers } from './fuzz-house.mjs';

const requestsPerSession = 5;
const answerMs = 3_000;
const base = '/voicewire/twilio';
const names = ['voice', 'status', 'resume', 'voice?x=1', 'resume?transfer=desk', 'status?'];
const methods = ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE', 'PURGE', 'get', 'CONNECT'];
const oddPaths = [
  '/voicewire/twilio/../twilio/voice',
  '/voicewire/twilio/%76oice',
  '/voicewire/twilio/voice%00',
  '/voicewire/twilio/voice/',
  '/voicewire//voice',
  '/voicewire/twilio//voice',
  '/voicewire/twilio/%zz',
  '/voicewire/__proto__/voice',
  '/voicewire/constructor/toString',
  '/voicewire/browser/voice',
  '/voicewire/twilio/media',
  '/voicewire/twilio/voice#fragment',
  '/voicewire/\\..\\twilio/voice',
  '//voicewire/twilio/voice',
  'http://elsewhere.example/voicewire/twilio/voice',
  'voicewire/twilio/voice',
  '*',
  '/',
];
const contentTypes = [
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=utf-16',
  'APPLICATION/X-WWW-FORM-URLENCODED',
  'application/json',
  'multipart/form-data; boundary=x',
  'text/plain',
  '',
  ';;;',
  'application/x-www-form-urlencoded, text/html',
];
const values = [
  '',
  ' ',
  '0',
  '-1',
  '1e999',
  'ringing',
  'completed',
  'failed',
  'in-progress',
  'not-yet-invented',
  'outbound-api',
  '<Response/>',
  '"&\'<>]]>',
  '\u0000',
  '\ud800',
  '☎️é',
  '__proto__',
  'true',
  '+1415555010000000000000000000',
];
const fields = [
  'CallSid',
  'AccountSid',
  'From',
  'To',
  'CallStatus',
  'Direction',
  'Digits',
  'DialCallStatus',
  'AnsweredBy',
  'CallbackSource',
  'SequenceNumber',
  'CallDuration',
  'RecordingStatus',
  'StreamEvent',
  '__proto__',
  'constructor',
  '',
];

export const webhookSurfaces = (house, witnesses) => [
  {
    name: 'webhooks',
    async open() {
      return {
        async session(chance, notes, index) {
          for (let number = 0; number < requestsPerSession; number += 1)
            await ask(house, makeRequest(house, witnesses, chance, `${index}-${number}`), notes);
          return requestsPerSession;
        },
        close: () => [],
      };
    },
  },
];

/** `{ bytes, isGenuine, isWhole }`: what goes over the socket, and what may be expected of it. */
function makeRequest({ carrier, url }, witnesses, chance, id) {
  const isGenuine = chance.is(0.4);
  // Only the carrier itself may end a witness's call.
  const sid = isGenuine ? `CAweb${id}` : (chance.pick(witnesses.sids()) ?? 'CA0');
  const parameters = oddForm(
    Object.entries({ ...incoming(carrier), ...numbersOf(), CallSid: sid }),
    chance,
    isGenuine,
  );
  const path = `${base}/${chance.pick(names)}`;
  const signature = isGenuine
    ? sign(carrier, url + path, parameters)
    : forgery(carrier, url + path, parameters, chance);
  const form = Buffer.from(new URLSearchParams(parameters).toString());
  const { host } = new URL(url);
  const right = {
    method: 'POST',
    path,
    host,
    contentType: contentTypes[0],
    signature,
    body: form,
    extra: '',
  };
  const request = isGenuine && chance.is(0.5) ? right : { ...right, ...chance.pick(deeds)(right, chance) };
  return { ...toBytes(request, chance), isGenuine };
}

const numbersOf = () => ({ From: numbers.from, To: numbers.to });

/** Fields left out, doubled, with odd values or names. The id of a call stays, or nothing could be told apart. */
function oddForm(parameters, chance, isGenuine) {
  let form = parameters;
  for (let count = chance.below(4); count > 0; count -= 1) {
    const name = chance.pick(fields);
    if (isGenuine && name === 'CallSid') continue;
    const rest = form.filter(([other]) => other !== name);
    form = chance.pick([
      () => rest,
      () => [...rest, [name, chance.pick(values)]],
      () => [...form, [name, chance.pick(values)]],
      () => [...rest, [name, 'y'.repeat(5_000)]],
    ])();
  }
  return form;
}

function forgery(carrier, url, parameters, chance) {
  return chance.pick([
    '',
    'AAAAAAAAAAAAAAAAAAAAAAAAAAA=',
    chance.bytes(20).toString('base64'),
    sign({ authToken: 'guessed' }, url, parameters),
    sign(carrier, `${url}&more`, parameters),
    'x'.repeat(8_000),
    '\u00e9',
  ]);
}

const deeds = [
  (_, chance) => ({ method: chance.pick(methods) }),
  (_, chance) => ({ path: chance.pick(oddPaths) }),
  (_, chance) => ({ path: damageText(`${base}/voice?a=1&b=%20`, chance).replace(/[\r\n]/g, '') }),
  (_, chance) => ({ contentType: chance.pick(contentTypes) }),
  (_, chance) => ({ host: chance.pick(['', 'elsewhere.example', 'a b', '[::1', 'localhost:99999', '%00']) }),
  ({ body }, chance) => ({ body: damageBytes(body, chance) }),
  ({ body }, chance) => ({ body: Buffer.from(damageText(body.toString(), chance)) }),
  () => ({ body: Buffer.alloc(70_000, 'a=1&') }),
  ({ body }) => ({ body: gzipSync(body), extra: 'Content-Encoding: gzip\r\n' }),
  () => ({ body: Buffer.from('{"CallSid":"CA1"}'), contentType: 'application/json' }),
  () => ({ extra: `X-Long: ${'z'.repeat(20_000)}\r\n` }),
  () => ({ extra: 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n' }),
  () => ({ extra: 'Expect: 100-continue\r\n' }),
  () => ({ extra: 'X-Odd: a\u0000b\r\n' }),
  () => ({ extra: 'Upgrade: websocket\r\nConnection: Upgrade\r\n' }),
];

function toBytes({ method, path, host, contentType, signature, body, extra }, chance) {
  const claimed = body.length + (chance.is(0.05) ? chance.pick([-10, 50, 1e9]) : 0);
  const length = extra.includes('Content-Length') ? '' : `Content-Length: ${Math.max(0, claimed)}\r\n`;
  const type = contentType === '' ? '' : `Content-Type: ${contentType}\r\n`;
  const head = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${type}X-Twilio-Signature: ${signature}\r\n${length}${extra}Connection: close\r\n\r\n`;
  return { bytes: Buffer.concat([Buffer.from(head, 'latin1'), body]), isWhole: claimed <= body.length };
}

async function ask({ url }, { bytes, isGenuine, isWhole }, notes) {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
  socket.on('error', () => {});
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(bytes);
  // A body that never comes: the server waits for it, as it must; we leave.
  if (!isWhole) void pause(20).then(() => socket.destroy());
  const limit = new AbortController();
  const late = pause(answerMs, 'late', { signal: limit.signal }).catch(() => undefined);
  if ((await Promise.race([closed, late])) === 'late')
    notes.problem(`no answer in ${answerMs} ms: ${shown(bytes)}`);
  limit.abort();
  socket.destroy();
  const [, status] = /^HTTP\/1\.1 ([2-5]\d\d)/m.exec(Buffer.concat(chunks).toString('latin1')) ?? [];
  notes.outcome(`${isGenuine ? 'genuine' : 'forged'}: ${status ?? 'no answer'}`);
  if (status >= 500) notes.problem(`was answered ${status}: ${shown(bytes)}`);
  if (!isGenuine && status < 300) notes.problem(`a forged request was answered ${status}: ${shown(bytes)}`);
}

const shown = (bytes) => JSON.stringify(bytes.subarray(0, 700).toString('latin1'));
