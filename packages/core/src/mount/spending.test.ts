// The book of what tenants spend: a window that rolls, calls that run, and no end of labels.
import { createVirtualClock } from '@voicewire/testing';
import { expect, it } from 'vitest';
import { createSpendingBook } from './spending.js';

const hourMs = 3_600_000;

function book() {
  const clock = createVirtualClock();
  const spending = createSpendingBook(clock);
  const spend = (tenant: string | undefined, amount: number): void => {
    spending.follow(tenant, () => amount)();
  };
  return {
    ...spending,
    spend,
    pass: (hours: number) => clock.run({ untilMs: clock.now() + hours * hourMs }),
  };
}

it('forgets what was spent before the last hours, and nothing sooner', async () => {
  const { spend, spent, pass } = book();
  spend('acme', 1);
  await pass(1);
  spend('acme', 2);
  expect([spent('acme', 1), spent('acme', 2), spent('acme', undefined)]).toEqual([2, 3, 3]);
  await pass(23);
  expect([spent('acme', 24), spent('acme', 25)]).toEqual([2, 3]);
});

it('counts calls that run, as they grow, and each once when it is over', () => {
  const { follow, spent } = book();
  let cost = 1;
  const enter = follow('acme', () => cost);
  expect(spent('acme', 24)).toBe(1);
  cost = 5;
  expect(spent('acme', 24)).toBe(5);
  enter();
  enter();
  expect(spent('acme', 24)).toBe(5);
});

it('keeps tenants apart, and calls without a label are one', () => {
  const { spend, spent } = book();
  spend('acme', 1);
  spend(undefined, 2);
  spend(undefined, 3);
  expect([spent('acme', 24), spent('other', 24), spent(undefined, 24)]).toEqual([1, 0, 5]);
});

it('is bounded: of very many labels, who spent longest ago is forgotten', () => {
  const { spend, spent } = book();
  spend('first', 1);
  spend('second', 1);
  for (let index = 0; index < 9_998; index += 1) spend(`label-${index}`, 1);
  spend('first', 1);
  spend('one more', 1);
  expect([spent('first', 24), spent('second', 24), spent('one more', 24)]).toEqual([2, 0, 1]);
});
