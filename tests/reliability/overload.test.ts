// A part of `npm run overload`, from sources: while the process is late no call is taken, and who calls hears why; the calls that
// are live go on, and lose no word.
import { setTimeout as pause } from 'node:timers/promises';
import type { FakeCall } from '@voicewire/telephony-twilio/fake';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { numbers, openHouse, startWitnesses, type House } from '../../prove/lib/fuzz-house.mjs';

const witnesses = 4;
/** Every turn of the loop is late by this, and far more than is allowed. */
const heldMs = 250;
const maxLagMs = 120;
const maxHolds = 60;
let house: House;

beforeAll(async () => {
  house = await openHouse({ maxLagMs });
});
afterAll(() => house.close());

function call(): FakeCall {
  return house.carrier.call({ ...numbers, url: `${house.url}/voicewire/twilio/voice` });
}

/** Holds the loop again and again, until `isEnough`; not for ever. */
async function holdUntil(isEnough: () => boolean): Promise<void> {
  for (let times = 0; times < maxHolds && !isEnough(); times += 1) {
    const until = performance.now() + heldMs;
    while (performance.now() < until);
    await pause(1);
  }
}

it('a process that is late takes no calls, says so, and keeps those it has', async () => {
  const { voicewire } = house;
  const live = await startWitnesses(house, witnesses);
  await expect.poll(() => voicewire.calls.size).toBe(witnesses);

  await holdUntil(() => !voicewire.isReady());
  const late = call();
  let isOver = false;
  void late.ended.then(() => (isOver = true));
  await holdUntil(() => isOver);
  expect(isOver).toBe(true);
  expect(late.steps).toMatchObject([
    { name: 'Say', text: expect.stringMatching(/lines are busy/) as string },
    { name: 'Hangup' },
  ]);
  expect(voicewire.calls.size).toBe(witnesses);

  await expect.poll(() => voicewire.isReady()).toBe(true);
  const next = call();
  await next.until(() => next.heard.length > 0);
  next.hangup();
  await next.ended;

  const { turns, harmed } = await live.end();
  expect(harmed).toEqual([]);
  expect(turns).toBeGreaterThanOrEqual(witnesses);
});
