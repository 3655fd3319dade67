// A part of `npm run isolation`, from sources: one call of ten is poisoned in every hook it has, and the others lose no word.
import { speechSound } from '@voicewire/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRandom } from '../../prove/lib/faulty-port.mjs';
import { echo, numbers, openHouse, startWitnesses, type House } from '../../prove/lib/fuzz-house.mjs';
import { holdLoop, poisonAgent, poisonCall } from '../../prove/lib/poison.mjs';
import { watchProcess } from '../../prove/lib/process-watch.mjs';

const others = 9;
const mulaw = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
/** So that the recogniser says what it heard. */
const pause = new Uint8Array(8_000).fill(0xff);
const strays: string[] = [];
const named = new Set<string>();
let house: House;
let watch: { stop(): void };

beforeAll(async () => {
  watch = watchProcess((what) => strays.push(what));
  const poisoned = poisonAgent(echo, createRandom(Number(process.env['VOICEWIRE_SEED'] ?? 1)));
  // Whoever calls first.
  let victim: string | undefined;
  house = await openHouse({ agent: ({ callId }) => ((victim ??= callId) === callId ? poisoned : echo) });
  house.voicewire.on('call', (call, { callId }) => {
    if (callId !== victim) return;
    poisonCall(call);
    holdLoop(call, (name) => named.add(name));
  });
});
afterAll(async () => {
  await house.close();
  watch.stop();
});

it('a call that throws, floods, leaks and never settles harms nobody else', async () => {
  const { carrier, url } = house;
  const poisoned = carrier.call({ ...numbers, url: `${url}/voicewire/twilio/voice` });
  await poisoned.until(() => poisoned.isStreaming);
  const witnesses = await startWitnesses(house, others);
  for (let turn = 0; turn < 3; turn += 1) {
    await poisoned.speak(speechSound(`poison number ${turn}`, mulaw, 40));
    await poisoned.speak(pause);
  }
  await expect.poll(() => [...named]).toContain('The listener of "transcript-final"');
  const { turns, harmed } = await witnesses.end();
  expect(harmed).toEqual([]);
  expect(turns).toBeGreaterThanOrEqual(others);
  poisoned.hangup();
  await poisoned.ended;
  expect(strays).toEqual([]);
});
