// Mounted Voicewire end to end: a fake carrier, plain node:http, real sockets, scripted providers.
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { createTwilioTelephony } from '@voicewire/telephony-twilio';
import { callTool, createScriptedLlm, createScriptedStt, createVirtualClock } from '@voicewire/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ConfigError, createVoicewire } from '../src/index.js';
import { announce, heardBy, mount, openSocket, say, startMessage, tokenIn, type Mounted } from './mounted.js';

let mounted: Mounted;

afterEach(() => mounted.close());

/** A caller who was greeted, and is back before the loss of the first media was noticed. */
async function comeBackEarly() {
  mounted = await mount();
  const call = mounted.call();
  await call.until(() => heardBy(call) === 'hello');
  const token = tokenIn(await announce(mounted, call.sid, 'resume?voicewire=resumed', 'in-progress'));
  const { socket } = await openSocket(mounted);
  socket.send(startMessage(token, call.sid));
  return { call, socket };
}

describe('a call', () => {
  it('is answered, talked and hung up', async () => {
    mounted = await mount();
    const call = mounted.call();
    await call.until(() => heardBy(call) === 'hello');
    await say(call, 'where is my order');
    await call.until(() => heardBy(call).endsWith('on its way'));
    call.hangup();
    await call.ended;
    await expect.poll(() => mounted.over).toHaveLength(1);
    expect(mounted.over[0]).toMatchObject({ callId: call.sid, standing: 'over', direction: 'inbound' });
    expect(mounted.over[0]?.events.at(-1)).toMatchObject({ type: 'call-ended', reason: 'caller-hung-up' });
    expect(mounted.voicewire.calls.size).toBe(0);
    expect([...call.problems, ...mounted.warnings]).toEqual([]);
    expect(mounted.fake.commands).toEqual([]);
  });

  it('whose media is lost comes back with its history', async () => {
    const llm = createScriptedLlm({ responses: () => 'on its way' });
    mounted = await mount({ llm });
    const call = mounted.call();
    await call.until(() => heardBy(call) === 'hello');
    await say(call, 'where is my order');
    await call.until(() => heardBy(call).endsWith('way'));
    mounted.sockets[0]?.destroy();
    await call.until(() => call.steps.length === 3 && call.isStreaming);
    await call.until(() => heardBy(call).includes('cut off'));
    await say(call, 'and then');
    await expect.poll(() => llm.requests.length).toBe(2);
    expect(llm.requests[1]?.messages.map(({ role, content }) => `${role}: ${content}`)).toEqual(
      expect.arrayContaining(['user: where is my order', 'assistant: on its way', 'user: and then']),
    );
    expect(mounted.over[0]?.standing).toBe('interrupted');
  });

  it('that comes back before its loss was noticed is not hung up, and keeps its history', async () => {
    const { call, socket } = await comeBackEarly();
    await expect.poll(() => mounted.over).toHaveLength(1);
    expect(mounted.over[0]).toMatchObject({ standing: 'interrupted' });
    await expect.poll(() => mounted.voicewire.calls.get(call.sid)?.snapshot().length ?? 0).toBeGreaterThan(3);
    const log = mounted.voicewire.calls.get(call.sid)?.snapshot() ?? [];
    expect(log.map(({ type }) => type).filter((type) => type === 'call-started')).toHaveLength(2);
    expect(mounted.fake.commands).toEqual([]);
    socket.close();
  });

  it('that comes back and is hung up before the earlier media was let go is over, not lost', async () => {
    const { socket } = await comeBackEarly();
    socket.send(JSON.stringify({ event: 'stop', streamSid: 'MZ1', sequenceNumber: '2', stop: {} }));
    socket.close();
    await expect.poll(() => mounted.over).toHaveLength(2);
    expect(mounted.over.map(({ standing }) => standing)).toEqual(['interrupted', 'over']);
    expect(mounted.over[1]?.events.at(-1)).toMatchObject({ type: 'call-ended', reason: 'caller-hung-up' });
  });

  it('that a transfer gave back goes on, and the model knows', async () => {
    const transfers = { desk: { to: '+14155550111', description: 'The desk.' } };
    const llm = createScriptedLlm({
      responses: (_, index) => (index === 0 ? callTool('transfer_call', { destination: 'desk' }) : 'sorry'),
    });
    mounted = await mount({
      llm,
      agent: { name: 'shop', instructions: 'Answer.', greeting: 'hello', transfers },
    });
    const back = (DialCallStatus: string, callSid = call.sid): Promise<string> =>
      announce(mounted, callSid, 'resume?voicewire=resumed', 'in-progress', { DialCallStatus });
    const call = mounted.call();
    await call.until(() => heardBy(call) === 'hello');
    await say(call, 'a person please');
    await expect.poll(() => mounted.over).toMatchObject([{ standing: 'over' }]);
    expect(await back('completed')).toContain('<Hangup/>');
    const token = tokenIn(await back('busy'));
    expect(mounted.voicewire.store.get(call.sid)).toMatchObject({ standing: 'interrupted' });
    const { socket } = await openSocket(mounted);
    socket.send(startMessage(token, call.sid));
    await expect.poll(() => llm.requests.length).toBe(2);
    expect(llm.requests[1]?.messages.map(({ content }) => content).join()).toMatch(/It failed/);
    socket.close();
  });

  it('that was not transferred does not come back from a transfer', async () => {
    mounted = await mount();
    const call = mounted.call();
    await call.until(() => heardBy(call) === 'hello');
    mounted.voicewire.calls.get(call.sid)?.hangup();
    await call.ended;
    await expect.poll(() => mounted.over).toHaveLength(1);
    const busy = { DialCallStatus: 'busy' };
    expect(await announce(mounted, call.sid, 'resume?voicewire=resumed', 'in-progress', busy)).toContain(
      '<Hangup/>',
    );
  });

  it('that we ended is not brought back', async () => {
    mounted = await mount();
    const call = mounted.call();
    await call.until(() => heardBy(call) === 'hello');
    mounted.voicewire.calls.get(call.sid)?.hangup();
    await call.ended;
    await expect.poll(() => mounted.over).toHaveLength(1);
    expect(await announce(mounted, call.sid, 'resume?voicewire=resumed', 'in-progress')).toContain(
      '<Hangup/>',
    );
    expect(await announce(mounted, call.sid)).toContain('<Hangup/>');
    expect(mounted.fake.commands).toHaveLength(1);
  });

  it('that the carrier says is over ends, even if its media never does', async () => {
    mounted = await mount();
    const token = tokenIn(await announce(mounted));
    const { socket, closed } = await openSocket(mounted);
    socket.send(startMessage(token));
    await expect.poll(() => mounted.voicewire.calls.size).toBe(1);
    await announce(mounted, 'CA1', 'status', 'completed');
    await closed;
    await expect.poll(() => mounted.over).toMatchObject([{ callId: 'CA1', standing: 'over' }]);
    expect(mounted.fake.commands).toEqual([]);
  });

  it('announced twice at once is one call', async () => {
    mounted = await mount();
    const tokens = (await Promise.all([announce(mounted), announce(mounted)])).map(tokenIn);
    expect(new Set(tokens).size).toBe(2);
    expect(mounted.voicewire.store.list()).toHaveLength(1);
    const first = await openSocket(mounted);
    first.socket.send(startMessage(tokens[0]));
    await expect.poll(() => mounted.voicewire.calls.size).toBe(1);
    const second = await openSocket(mounted);
    second.socket.send(startMessage(tokens[1]));
    expect(await second.closed).toBe(1008);
    expect(mounted.voicewire.calls.size).toBe(1);
    const record = mounted.voicewire.store.get('CA1');
    await announce(mounted);
    expect(mounted.voicewire.store.get('CA1')).toBe(record);
    expect(first.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('too many is told so in words', async () => {
    mounted = await mount({ maxCalls: 1 });
    expect(tokenIn(await announce(mounted, 'CA1'))).toBeDefined();
    expect(await announce(mounted, 'CA2')).toMatch(/lines are busy.*<Hangup\/>/);
    expect(tokenIn(await announce(mounted, 'CA1'))).toBeDefined();
    expect(() => mounted.voicewire.invite({ provider: 'twilio' })).toThrow(/busy/);
    await expect(mounted.voicewire.dial({ from: '+14155550100', to: '+14155550199' })).rejects.toMatchObject({
      code: 'call.busy',
    });
  });

  it('we place is known, talked, and hung up', async () => {
    mounted = await mount();
    const { callId } = await mounted.voicewire.dial({
      from: '+14155550100',
      to: '+14155550199',
      context: { order: 7 },
    });
    const [call] = mounted.fake.calls;
    await call?.until(() => heardBy(call) === 'hello');
    expect(mounted.voicewire.store.get(callId)).toMatchObject({
      direction: 'outbound',
      context: { order: 7 },
    });
    await expect(mounted.voicewire.hangup(callId)).resolves.toMatchObject({ standing: 'over' });
    await call?.ended;
    expect(call?.status).toBe('completed');
    await expect(mounted.voicewire.hangup('nobody')).resolves.toBeUndefined();
  });
});

describe('whoever is not the carrier', () => {
  it('gets 403 for a forged webhook, and nothing is done', async () => {
    mounted = await mount();
    const response = await fetch(`${mounted.url}/voicewire/twilio/voice`, {
      method: 'POST',
      headers: { 'x-twilio-signature': 'forged' },
      body: new URLSearchParams({ CallSid: 'CA1', CallStatus: 'ringing', From: '+1', To: '+2' }),
    });
    expect(response.status).toBe(403);
    expect(mounted.voicewire.store.list()).toEqual([]);
    expect(mounted.warnings).toMatchObject([{ code: 'provider.auth' }]);
  });

  it('gets no call with a token that is used, unknown or missing', async () => {
    mounted = await mount();
    const token = tokenIn(await announce(mounted));
    const good = await openSocket(mounted);
    good.socket.send(startMessage(token));
    await expect.poll(() => mounted.voicewire.calls.size).toBe(1);
    for (const bad of [token, 'guessed', undefined]) {
      const { socket, closed } = await openSocket(mounted);
      socket.send(startMessage(bad));
      expect(await closed).toBe(1008);
    }
    expect(mounted.voicewire.calls.size).toBe(1);
    expect(good.socket.readyState).toBe(WebSocket.OPEN);
    expect(mounted.warnings.map(({ code }) => code)).toEqual(
      Array.from({ length: 3 }, () => 'telephony.unknown_token'),
    );
    good.socket.close();
  });

  it('gets no call with a token that expired, and no socket that says nothing', async () => {
    const clock = createVirtualClock();
    mounted = await mount({ clock });
    const token = tokenIn(await announce(mounted));
    await clock.advance(60_000);
    const late = await openSocket(mounted);
    late.socket.send(startMessage(token));
    await late.closed;
    const silent = await openSocket(mounted);
    await clock.advance(10_000);
    await silent.closed;
    expect(mounted.warnings.map(({ code }) => code)).toEqual(['telephony.unknown_token', 'provider.timeout']);
    expect(mounted.voicewire.calls.size).toBe(0);
  });

  it('is refused without a signed upgrade, on unknown paths, and for requests nobody can read', async () => {
    mounted = await mount();
    const media = new WebSocket(`${mounted.url.replace('http', 'ws')}/voicewire/twilio/media`);
    const [, refusal] = (await once(media, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(refusal.statusCode).toBe(403);
    const { port } = new URL(mounted.url);
    for (const path of ['//', '/voicewire/nobody/media', '/elsewhere', '*']) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      );
      socket.resume();
      await once(socket, 'close');
    }
    expect((await fetch(`${mounted.url}/voicewire/nobody/voice`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${mounted.url}/elsewhere`)).status).toBe(404);
  });

  it('can not send more than a webhook needs, whatever it claims', async () => {
    mounted = await mount();
    const url = `${mounted.url}/voicewire/twilio/voice`;
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(70_000) })).status).toBe(413);
    const chunked = httpRequest(url, { method: 'POST' });
    chunked.on('error', () => undefined);
    chunked.write('x'.repeat(70_000));
    const [response] = (await once(chunked, 'response')) as [{ statusCode: number }];
    expect(response.statusCode).toBe(413);
    chunked.destroy();
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(new Uint8Array(10_000));
      },
    });
    const direct = new Request(url, { method: 'POST', body: endless, duplex: 'half' });
    expect((await mounted.voicewire.handle(direct))?.status).toBe(413);
  });

  it('can flood its own socket and no other', async () => {
    mounted = await mount();
    const call = mounted.call();
    await call.until(() => heardBy(call) === 'hello');
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const floods = [
      'not json',
      deep,
      '{"event":"media","media":{}}',
      'x'.repeat(200_000),
      '{"event":"unheard of"}',
    ];
    for (const [index, flood] of floods.entries()) {
      const token = tokenIn(await announce(mounted, `CA-flood-${index}`));
      const { socket, closed } = await openSocket(mounted);
      socket.send(startMessage(token, `CA-flood-${index}`));
      for (let count = 0; count < 40; count += 1) socket.send(flood);
      expect(await closed).toBeGreaterThan(1000);
    }
    await say(call, 'where is my order');
    await call.until(() => heardBy(call).endsWith('on its way'));
    await expect.poll(() => mounted.voicewire.calls.size).toBe(1);
  });
});

describe('an application', () => {
  it('is told everything that is wrong with it at once', async () => {
    mounted = await mount();
    const { accountSid, authToken } = mounted.fake;
    const telephony = createTwilioTelephony({ accountSid, authToken });
    const wrong = (): unknown =>
      createVoicewire({
        publicUrl: 'voice.example.com',
        basePath: 'calls',
        telephony: [telephony, telephony],
        stt: createScriptedStt(),
        agent: { name: 'a', instructions: 'b' },
      });
    expect(wrong).toThrow(ConfigError);
    try {
      wrong();
    } catch (error) {
      const problems = ConfigError.is(error) ? error.problems : [];
      expect(problems.map(({ path }) => path)).toEqual([
        'publicUrl',
        'basePath',
        'telephony[1]',
        'llm',
        'tts',
      ]);
    }
  });

  it('may throw in its listeners, and fail to choose an agent', async () => {
    mounted = await mount({
      agent: () => {
        throw new TypeError('no agent today');
      },
    });
    mounted.voicewire.on('warning', () => {
      throw new TypeError('listener');
    });
    expect(await announce(mounted)).toMatch(/Something went wrong.*<Hangup\/>/);
    expect(mounted.warnings).toMatchObject([{ code: 'call.agent_failed' }]);
  });
});
