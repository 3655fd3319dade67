// Surface 3: media sockets of a mounted Voicewire, from carriers and pages that say odd things before, in and after a call.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createBrowserCarrier } from '@voicewire/telephony-browser/fake';
import { createTwilioCarrier } from '@voicewire/telephony-twilio/fake';
import { WebSocket } from 'ws';
import { damageBytes, damageMessage, damageText } from './fuzz-mutate.mjs';
import { announce } from './fuzz-signed.mjs';
import { numbers } from './fuzz-house.mjs';

/** How long the house may take to close what it does not want, and to end a call whose caller is gone. */
const endMs = 5_000;
const framesAtMost = 30;

/** `house`: what is attacked, with `witnesses` talking in it. */
export const carrierSurfaces = (house, witnesses) =>
  [
    ['media-twilio', () => createTwilioCarrier(house.carrier), arriveByTwilio],
    [
      'media-browser',
      (chance) => createBrowserCarrier({ sampleRate: chance.pick([8_000, 16_000, 48_000]) }),
      arriveByPage,
    ],
  ].map(([name, createDialect, arrive]) => ({
    name,
    async open() {
      const before = new Set(house.voicewire.calls.keys());
      const failedBefore = countFailures(house);
      return {
        session: (chance, notes, index) => {
          if (chance.is(0.05)) return oddUpgrade(house, chance, notes, name);
          return attack({ house, witnesses, dialect: createDialect(chance), arrive, chance, notes, index });
        },
        close: async () => [
          ...(await leftCalls(house, witnesses, before)),
          ...(countFailures(house) > failedBefore
            ? ['an adapter failed on a message with an error of no type']
            : []),
        ],
      };
    },
  }));

/** What the mount had to catch, because no adapter did. */
function countFailures({ warnings }) {
  return (warnings['telephony.media_failed'] ?? 0) + (warnings['telephony.upgrade_failed'] ?? 0);
}

/** Calls of ours that outlive their sockets. */
async function leftCalls({ voicewire }, witnesses, before) {
  const left = () => {
    // Asked each time: a witness may call only now.
    const witnessing = new Set(witnesses.sids());
    return [...voicewire.calls.keys()].filter((id) => !before.has(id) && !witnessing.has(id));
  };
  for (let waited = 0; waited < endMs && left().length > 0; waited += 50) await pause(50);
  return left().length === 0 ? [] : [`${left().length} calls go on without their sockets`];
}

async function arriveByTwilio({ house, index, chance }) {
  const callId = `CAfuzz${index.toString().padStart(26, '0')}${chance.below(1e6)}`;
  const call = {
    callId,
    streamId: `MZ${callId}`,
    tracks: chance.pick([['inbound'], ['inbound', 'outbound']]),
  };
  const { token, parameters, url } = await announce(house, {
    CallSid: callId,
    From: numbers.from,
    To: numbers.to,
  });
  return { ...call, parameters, token, url };
}

async function arriveByPage({ house }) {
  const { callId, token, mediaUrl: url } = house.voicewire.invite({ provider: 'browser' });
  return { callId, streamId: 'page', tracks: ['caller'], parameters: {}, token, url };
}

/** One socket: perhaps a call, perhaps with the name of somebody else's, everything on it more or less odd. */
async function attack({ house, witnesses, dialect, arrive, chance, notes, index }) {
  const arrived = await arrive({ house, index, chance });
  const call = {
    ...arrived,
    token: chance.is(0.1) ? chance.pick([undefined, '', 'guessed', arrived.token.slice(1)]) : arrived.token,
    callId: chance.is(0.1) ? (chance.pick(witnesses.sids()) ?? '') : arrived.callId,
  };
  const { url } = arrived;
  const socket = new WebSocket(url, {
    headers: dialect.upgradeHeaders?.(url) ?? {},
    perMessageDeflate: false,
  });
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  await once(socket, 'open');
  const count = await talk(socket, { script: scriptOf(dialect, call, chance), chance });
  if (chance.is(0.5)) socket.terminate();
  else socket.close(chance.pick([1000, 1001, 1011, 3000, 4999]));
  const limit = new AbortController();
  const code = await Promise.race([
    closed,
    pause(endMs, undefined, { signal: limit.signal }).catch(() => undefined),
  ]);
  limit.abort();
  notes.outcome(code === undefined ? 'not closed' : `closed with ${code[0]}`);
  if (code === undefined) notes.problem(`the socket was not closed within ${endMs} ms`);
  return count;
}

/** What this caller says, in order: right messages. */
function scriptOf(dialect, call, chance) {
  const conversation = dialect.connect(call);
  const { sampleRate, encoding } = dialect.inbound;
  // One noise for all: what is odd is not in the samples.
  const noise = chance.bytes((sampleRate / 50) * (encoding === 'pcm_s16le' ? 2 : 1));
  const [track] = call.tracks;
  const events = Array.from({ length: chance.below(framesAtMost) }, (_, sequence) =>
    chance.pick([
      { type: 'audio', track, audio: noise, atMs: sequence * 20, sequence },
      { type: 'audio', track, audio: noise, atMs: sequence * 20, sequence },
      { type: 'dtmf', digit: chance.pick([...'0159*#']), track },
      { type: 'mark', name: chance.pick(['0:greeting', '["greeting",0]', '1:x', '[]']) },
      { type: 'played', playedMs: chance.below(1e6) },
      {
        type: 'transcript',
        track,
        event: { type: 'final', text: 'yes', startMs: 0, endMs: 20, settledMs: 20, words: [] },
      },
    ]),
  );
  const all = [{ type: 'start' }, ...events, { type: 'stop' }];
  return all.flatMap((event) => {
    try {
      return conversation.write(event);
    } catch {
      // A mark of the other dialect's form.
      return [];
    }
  });
}

/** Says it, with odd messages before, between, after and in place of it. Resolves with how many of those left. */
async function talk(socket, { script, chance }) {
  const wildness = chance.pick([0.1, 0.4, 0.8]);
  let count = 0;
  const send = (message, isOdd) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(message);
    if (isOdd) count += 1;
  };
  const odd = () => {
    if (chance.is(0.01)) return 'x'.repeat(chance.pick([100_000, 140_000]));
    const message = damageMessage(chance.pick(script), chance);
    return chance.is(0.03) ? Buffer.from(message) : message;
  };
  const late = Array.from({ length: chance.below(4) }, () => chance.pick(script));
  for (const message of [...script, ...late]) {
    while (chance.is(wildness)) send(odd(), true);
    if (!chance.is(wildness / 3)) send(message, false);
    // Some come as fast as they can, some let us answer.
    if (chance.is(0.3)) await new Promise((resolve) => setImmediate(resolve));
  }
  await pause(chance.pick([0, 5, 30]));
  return count;
}

/** An upgrade that is none: its text is damaged. The house answers or hangs up. */
async function oddUpgrade({ url }, chance, notes, name) {
  const { port } = new URL(url);
  const path = `/voicewire/${name.replace('media-', '')}/media`;
  const head = `GET ${chance.pick([path, `${path}?`, `${path}/`, `${path}%00`, '/voicewire//media', `${path}/../media`])} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${chance.bytes(16).toString('base64')}\r\nX-Twilio-Signature: ${chance.bytes(20).toString('base64')}\r\n\r\n`;
  const text = chance.is(0.5) ? head : damageText(head, chance);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => {});
  let answer = '';
  socket.on('data', (bytes) => (answer += bytes.toString('latin1')));
  socket.write(chance.is(0.1) ? damageBytes(Buffer.from(text), chance) : text);
  for (let waited = 0; waited < 60 && answer === '' && !socket.closed; waited += 10) await pause(10);
  socket.destroy();
  notes.outcome(`upgrade: ${/^HTTP\/1.1 (\d+)/.exec(answer)?.[1] ?? 'no answer'}`);
  return 1;
}
