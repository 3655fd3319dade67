// Lines that go dead on a mounted Voicewire: the socket stays open and carries nothing more, whatever the carrier knows.
import { createVirtualClock } from '@voicewire/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { announce, mount, openSocket, startMessage, tokenIn, type Mounted } from './mounted.js';

let clock: ReturnType<typeof createVirtualClock>;
let mounted: Mounted;

beforeEach(async () => {
  clock = createVirtualClock();
  mounted = await mount({ clock });
});

afterEach(async () => {
  for (const socket of mounted.sockets) socket.resume();
  await mounted.close();
});

/** Lets the time of calls pass, little by little: commands go over real sockets. */
async function passUntil(isSo: () => boolean): Promise<void> {
  await expect
    .poll(
      async () => {
        await clock.advance(200);
        return isSo();
      },
      { timeout: 20_000, interval: 10 },
    )
    .toBe(true);
}

/** A caller of whom nothing more is read from now on. */
async function deadLine() {
  const call = mounted.call();
  await call.until(() => call.isStreaming);
  await expect.poll(() => mounted.voicewire.calls.size).toBe(1);
  mounted.sockets[0]?.pause();
  return call;
}

const asked = (): string[] => mounted.fake.commands.map(({ method }) => method);

it('a caller hung up, and the stop never came: the carrier says so, and the call is over', async () => {
  const call = await deadLine();
  call.hangup();
  await passUntil(() => mounted.over.length > 0);
  expect(mounted.over[0]).toMatchObject({ standing: 'over' });
  expect(mounted.over[0]?.events.at(-1)).toMatchObject({ type: 'call-ended', reason: 'caller-hung-up' });
  expect(asked()).toEqual(['GET']);
  expect(await announce(mounted, call.sid, 'resume?voicewire=resumed', 'in-progress')).toContain('<Hangup/>');
});

it('a call that is on for the carrier comes back on fresh media', async () => {
  const call = await deadLine();
  await passUntil(() => mounted.over.length > 0);
  expect(asked()).toEqual(['GET']);
  expect(mounted.over[0]).toMatchObject({ standing: 'interrupted' });
  expect(mounted.over[0]?.events.at(-1)).toMatchObject({ type: 'call-ended', reason: 'media-lost' });
  await call.until(() => call.steps.length === 3 && call.isStreaming);
  await expect.poll(() => mounted.voicewire.calls.size).toBe(1);
  expect(call.steps.map(({ name }) => name)).toEqual(['Connect', 'Redirect', 'Connect']);
  call.hangup();
  await passUntil(() => mounted.over.length > 1);
});

it('a call that is as dead on the media it was brought back on does not go round: it is hung up', async () => {
  mounted.fake.misbehave({ type: 'pretend', status: 'in-progress' });
  const connectSilently = async (twiml: string): Promise<void> => {
    const before = mounted.over.length;
    const { socket, closed } = await openSocket(mounted);
    socket.send(startMessage(tokenIn(twiml)));
    await expect.poll(() => mounted.voicewire.calls.size).toBe(1);
    await passUntil(() => mounted.over.length > before);
    await closed;
  };
  const comeBack = () => announce(mounted, 'CA1', 'resume?voicewire=resumed', 'in-progress');
  await connectSilently(await announce(mounted));
  expect(mounted.over[0]).toMatchObject({ standing: 'interrupted' });
  expect(asked()).toEqual(['GET']);
  await connectSilently(await comeBack());
  expect(mounted.over[1]).toMatchObject({ standing: 'over' });
  expect(mounted.over[1]?.events).toContainEqual(expect.objectContaining({ code: 'telephony.no_audio' }));
  expect(mounted.over[1]?.events.at(-1)).toMatchObject({ type: 'call-ended', reason: 'error' });
  expect(asked()).toEqual(['GET', 'GET', 'POST']);
  expect(mounted.fake.commands.at(-1)?.form.get('Status')).toBe('completed');
  expect(await comeBack()).toContain('<Hangup/>');
});

it('a carrier that can not be asked leaves the call as it was: it may come back', async () => {
  mounted.fake.misbehave({ type: 'silent' });
  await deadLine();
  await passUntil(() => mounted.over.length > 0);
  expect(mounted.over[0]).toMatchObject({ standing: 'interrupted' });
  expect(mounted.over[0]?.events.at(-1)).toMatchObject({ type: 'call-ended', reason: 'media-lost' });
  expect(mounted.over[0]?.events.filter(({ type }) => type === 'error')).toEqual([]);
});
