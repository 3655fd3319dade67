import twilio from 'twilio';
import { afterEach, describe, expect, test } from 'vitest';
import type { CallInstruction, MediaConnection, TelephonyEvent } from '@voicewire/core/adapter';
import { startTwilioFake, type TwilioFake, type TwilioFakeOptions } from '../src/fake.js';
import { createTwilioTelephony } from '../src/index.js';
import { startApplication, type Application, type ApplicationOptions } from './application.js';

const from = '+14155550100';
const to = '+14155550199';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function startFake(options: TwilioFakeOptions = {}): Promise<TwilioFake> {
  const fake = await startTwilioFake(options);
  open.push(fake);
  return fake;
}

type Instruct = ApplicationOptions['instruct'];

async function start(instruct: Instruct, options: Partial<ApplicationOptions> & TwilioFakeOptions = {}) {
  const fake = await startFake(options);
  const { url, accountSid, authToken } = fake;
  const adapter = createTwilioTelephony({ accountSid, authToken, baseUrl: url });
  const application: Application = await startApplication({ adapter, instruct, ...options });
  open.unshift(application);
  return { fake, adapter, application };
}

/** Streams new calls; ends those that come back. */
const streaming: Instruct = (event, urls) => {
  if (event.type === 'call-resumed') return [{ type: 'hangup' }];
  if (event.type !== 'call-incoming') return [];
  return [
    { type: 'stream', url: urls.media, token: 't0ken' },
    { type: 'redirect', url: urls.voice },
  ];
};

/** The vendor's own client, which knows nothing of us. */
function vendorClient({ url, accountSid, authToken }: TwilioFake) {
  const client = twilio(accountSid, authToken);
  client.api.baseUrl = url;
  return client;
}

describe("the vendor's SDK drives the commands", () => {
  test('dials, reads, changes and ends a call', async () => {
    const { fake, application } = await start(() => [
      { type: 'gather', url: 'http://127.0.0.1:9', digits: 1, timeoutMs: 60_000 },
    ]);
    const client = vendorClient(fake);
    const dialled = await client.calls.create({
      to,
      from,
      url: application.urls.voice,
      statusCallback: application.urls.status,
    });
    expect(dialled).toMatchObject({
      to,
      from,
      status: 'queued',
      direction: 'outbound-api',
      accountSid: fake.accountSid,
    });
    const [call] = fake.calls;
    await call?.until(() => call.steps.length === 1);
    expect(await client.calls(dialled.sid).fetch()).toMatchObject({
      sid: dialled.sid,
      status: 'in-progress',
    });

    await client
      .calls(dialled.sid)
      .update({ twiml: '<Response><Say>Bye</Say><Gather timeout="60"/></Response>' });
    await call?.until(() => call.steps.length === 3);
    expect(call?.steps.map(({ name, text }) => name + text)).toEqual(['Gather', 'SayBye', 'Gather']);

    await client.calls(dialled.sid).update({ status: 'completed' });
    await call?.ended;
    expect(application.events.at(-1)).toMatchObject({
      type: 'call-status',
      status: 'completed',
      durationMs: 1_000,
    });
  });

  test.each([
    [{ to: 'nobody', from, twiml: '<Response/>' }, 400, 21211],
    [{ to, from: 'nobody', twiml: '<Response/>' }, 400, 21212],
    [{ to, from }, 400, 21205],
  ])('refuses %o', async (request, status, code) => {
    const fake = await startFake();
    await expect(vendorClient(fake).calls.create(request)).rejects.toMatchObject({ status, code });
    expect(fake.calls).toEqual([]);
  });

  test('refuses a wrong token, and calls it does not have', async () => {
    const fake = await startFake();
    const stranger = vendorClient({ ...fake, authToken: 'guessed' });
    await expect(stranger.calls.create({ to, from, twiml: '<Response/>' })).rejects.toMatchObject({
      status: 401,
      code: 20003,
    });
    const client = vendorClient(fake);
    await expect(client.calls('CA404').update({ status: 'completed' })).rejects.toMatchObject({
      status: 404,
      code: 20404,
    });
  });

  test('records, pauses and resumes', async () => {
    const { fake, application } = await start(streaming);
    const client = vendorClient(fake);
    const { sid } = await client.calls.create({ to, from, url: application.urls.voice });
    const recordings = client.calls(sid).recordings;
    await expect(recordings('Twilio.CURRENT').update({ status: 'paused' })).rejects.toMatchObject({
      code: 20404,
    });
    const recording = await recordings.create();
    expect(await recordings('Twilio.CURRENT').update({ status: 'paused' })).toMatchObject({
      sid: recording.sid,
      status: 'paused',
    });
    expect(await recordings(recording.sid).update({ status: 'in-progress' })).toMatchObject({
      status: 'in-progress',
    });
  });

  test('reports every step to the status URL, in order', async () => {
    const { fake, application } = await start(() => [{ type: 'hangup' }], {
      reaction: ({ to: callee }) => (callee === to ? 'answer' : 'busy'),
    });
    const client = vendorClient(fake);
    const statusCallbackEvent = ['initiated', 'ringing', 'answered', 'completed'];
    const common = {
      from,
      url: application.urls.voice,
      statusCallback: application.urls.status,
      statusCallbackEvent,
    };
    await client.calls.create({ ...common, to });
    await client.calls.create({ ...common, to: '+14155550142' });
    await Promise.all(fake.calls.map((call) => call.ended));
    const seen = fake.calls.map(({ sid }) =>
      application.events
        .filter(
          (event): event is TelephonyEvent & { type: 'call-status' } =>
            event.type === 'call-status' && event.callId === sid,
        )
        .sort((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0))
        .map(({ status }) => status),
    );
    expect(seen).toEqual([
      ['queued', 'ringing', 'in-progress', 'completed'],
      ['queued', 'ringing', 'busy'],
    ]);
  });
});

describe("the vendor's SDK approves what the application gets", () => {
  test('webhooks and upgrades are signed as the SDK checks them', async () => {
    const { fake, application } = await start(streaming, {
      onMedia: (connection) => void readAll(connection),
    });
    const call = fake.call({ from, to, url: application.urls.voice });
    await call.until(() => call.isStreaming);
    call.hangup();
    await call.ended;
    // The adapter checks with the SDK's own function and has refused nothing.
    expect(application.refused).toEqual([]);
    expect(application.events[0]).toEqual({
      type: 'call-incoming',
      callId: call.sid,
      direction: 'inbound',
      from,
      to,
    });
    expect(call.problems).toEqual([]);
  });

  test('an application with another token lets nothing in', async () => {
    const fake = await startFake();
    const adapter = createTwilioTelephony({ accountSid: fake.accountSid, authToken: 'another' });
    const application = await startApplication({ adapter, instruct: streaming });
    open.unshift(application);
    const call = fake.call({ from, to, url: application.urls.voice });
    await call.ended;
    expect(call.status).toBe('failed');
    expect(call.problems).toEqual(['11200: twilio answered 403 Forbidden.']);
    expect(application.events).toEqual([]);
    expect(application.refused).toMatchObject([{ class: 'auth' }]);
  });

  test('behind a proxy the public URL is what is signed, for webhooks and for media', async () => {
    let localUrl = '';
    const publicUrl = 'https://voice.example.com';
    const { fake, application } = await start(streaming, {
      publicUrl: () => publicUrl,
      resolve: (url) =>
        url.replace(/^(http|ws)s:\/\/voice\.example\.com/, (_, scheme: string) => scheme + localUrl.slice(4)),
      onMedia: (connection) => void readAll(connection),
    });
    localUrl = application.localUrl;
    const call = fake.call({ from, to, url: application.urls.voice });
    await call.until(() => call.isStreaming);
    await call.speak(new Uint8Array(160));
    call.hangup();
    await call.ended;
    expect(call.problems).toEqual([]);
    expect(application.refused).toEqual([]);
  });
});

async function readAll(connection: MediaConnection): Promise<void> {
  try {
    for await (const event of connection) if (event.type === 'stop') return;
  } catch {
    // What ends a call is another test's subject.
  }
}

describe('a call', () => {
  test('streams, plays at the pace of speech, marks what was heard, and comes back when we let it go', async () => {
    const marks: string[] = [];
    const statuses: unknown[] = [];
    let said: readonly Uint8Array[] = [];
    const { fake, application } = await start(streaming, {
      onMedia: (connection, heard) => {
        said = heard;
        void (async () => {
          for await (const event of connection) {
            if (event.type === 'start') {
              statuses.push(fake.calls[0]?.status);
              connection.send(new Uint8Array(480).fill(1));
              connection.mark('first', 0);
              connection.send(new Uint8Array(800_000).fill(2));
              connection.mark('second', 0);
            }
            if (event.type !== 'mark') continue;
            marks.push(event.id);
            if (event.id === 'first') connection.clear();
            else connection.close();
          }
        })();
      },
    });
    const call = fake.call({ from, to, url: application.urls.voice });
    await call.speak(new Uint8Array(320).fill(9));
    await call.ended;
    expect(statuses).toEqual(['in-progress']);
    expect(marks).toEqual(['first', 'second']);
    expect(call.heard.subarray(0, 480).every((byte) => byte === 1)).toBe(true);
    // A hundred seconds were sent; what was not played before the clear was never heard.
    expect(call.heard.length).toBeLessThan(80_000);
    expect(Buffer.concat(said).filter((byte) => byte === 9)).toHaveLength(320);
    expect(call.steps.map(({ name }) => name)).toEqual(['Connect', 'Redirect', 'Hangup']);
    expect(application.events.map(({ type }) => type)).toEqual(['call-incoming', 'call-resumed']);
    expect(call.problems).toEqual([]);
  });

  test('is heard by its media socket alone, among many', async () => {
    const heardBy = new Map<string, readonly Uint8Array[]>();
    const { fake, application } = await start(streaming, {
      onMedia: (connection, heard) =>
        void (async () => {
          for await (const event of connection) {
            if (event.type === 'start') heardBy.set(event.callId, heard);
            if (event.type === 'dtmf') connection.close();
          }
        })(),
    });
    const calls = Array.from({ length: 20 }, () => fake.call({ from, to, url: application.urls.voice }));
    await Promise.all(
      calls.map(async (call, index) => {
        await call.speak(new Uint8Array(800).fill(index + 1));
        call.press('1');
        await call.ended;
      }),
    );
    for (const [index, call] of calls.entries()) {
      const bytes = Buffer.concat(heardBy.get(call.sid) ?? []).filter((byte) => byte !== 0xff);
      expect(bytes).toEqual(Buffer.alloc(800, index + 1));
    }
  });

  test('gathers keys, dials, says, plays and hangs up', async () => {
    const menu: CallInstruction[] = [
      { type: 'say', text: 'Welcome & hello' },
      { type: 'play', url: 'https://example.com/music.wav' },
    ];
    const { fake, application } = await start((event, urls) => {
      if (event.type === 'call-incoming')
        return [...menu, { type: 'gather', url: urls.voice, digits: 2, timeoutMs: 60_000 }];
      if (event.type === 'dtmf' && event.digits === '42')
        return [{ type: 'dial', to: '+14155550142' }, { type: 'hangup' }];
      return [];
    });
    const call = fake.call({ from, to, url: application.urls.voice, statusUrl: application.urls.status });
    call.press('421');
    await call.until(() => call.steps.some(({ name }) => name === 'Dial'));
    call.endDial();
    await call.ended;
    expect(call.steps.map(({ name, text }) => name + text)).toEqual([
      'SayWelcome & hello',
      'Playhttps://example.com/music.wav',
      'Gather',
      'Dial',
      'Hangup',
    ]);
    expect(call.status).toBe('completed');
    expect(application.events.map(({ type }) => type)).toEqual(['call-incoming', 'dtmf', 'call-status']);
  });

  test.each([
    ['answer', 'completed'],
    ['busy', 'busy'],
    ['no-answer', 'no-answer'],
    ['failed', 'failed'],
  ] as const)('asks what comes after a dial, and says how that went: %s', async (reaction, transfer) => {
    const dialled: unknown[] = [];
    const { fake, application } = await start(
      (event, { voice: returnUrl }) =>
        event.type === 'call-incoming'
          ? [{ type: 'dial', to: '+14155550142', returnUrl }, { type: 'hangup' }]
          : [{ type: 'say', text: 'Back again' }],
      {
        reaction: (dial) => {
          dialled.push(dial);
          return reaction;
        },
      },
    );
    const call = fake.call({ from, to, url: application.urls.voice });
    if (reaction === 'answer') {
      await call.until(() => call.steps.length === 1);
      call.endDial();
    }
    await call.ended;
    expect(dialled).toEqual([{ from, to: '+14155550142' }]);
    expect(call.steps.map(({ name }) => name)).toEqual(['Dial', 'Say']);
    expect(application.events[1]).toEqual({ type: 'call-resumed', callId: call.sid, from, to, transfer });
    expect(call.problems).toEqual([]);
  });

  test('that its caller hangs up in a dial says so, and does nothing more', async () => {
    const { fake, application } = await start((_, { voice: returnUrl }) => [
      { type: 'dial', to: '+14155550142', returnUrl },
    ]);
    const call = fake.call({ from, to, url: application.urls.voice });
    await call.until(() => call.steps.length === 1);
    call.hangup();
    await call.ended;
    expect(application.events).toMatchObject([
      { type: 'call-incoming' },
      { type: 'call-status', status: 'completed' },
    ]);
    expect(call.steps).toHaveLength(1);
    expect(call.problems).toEqual([]);
  });

  test('that is sent elsewhere in a dial does not ask what comes after it', async () => {
    const { fake, application } = await start((_, { voice: returnUrl }) => [
      { type: 'dial', to: '+14155550142', returnUrl },
    ]);
    const call = fake.call({ from, to, url: application.urls.voice });
    await call.until(() => call.steps.length === 1);
    await vendorClient(fake).calls(call.sid).update({ twiml: '<Response><Say>Bye</Say></Response>' });
    await call.ended;
    expect(call.steps.map(({ name }) => name)).toEqual(['Dial', 'Say']);
    expect(application.events.map(({ type }) => type)).toEqual(['call-incoming']);
  });

  test('is turned away', async () => {
    const { fake, application } = await start(() => [{ type: 'reject', reason: 'busy' }]);
    const call = fake.call({ from, to, url: application.urls.voice });
    await call.ended;
    expect(call.status).toBe('busy');
  });

  test.each([
    ['Hello', '12100'],
    ['<Response><Say>Hi</Response>', '12100'],
    ['<Response/><Response/>', '12100'],
    ['<Response><Say>Tom & Jerry</Say></Response>', '12100'],
    ['<Response><Say a=1>Hi</Say></Response>', '12100'],
    ['<Response><Fax/></Response>', '12200'],
    ['<Response><Connect><Stream url="ws://127.0.0.1:9/?a=1"/></Connect></Response>', '31920'],
    ['<Response><Connect><Stream url="ws://127.0.0.1:9/"/></Connect></Response>', '31920'],
  ])('minds mistakes in TwiML: %s', async (twiml, code) => {
    const fake = await startFake();
    await vendorClient(fake).calls.create({ to, from, twiml });
    await fake.calls[0]?.ended;
    expect(fake.calls[0]?.problems.map((problem) => problem.split(':')[0])).toEqual([code]);
  });
});
