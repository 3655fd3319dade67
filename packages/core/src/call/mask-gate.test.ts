// The gate before every sink: what is masked is nowhere, and it opens when everybody has opened it.
import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '@voicewire/testing';
import { createKeypadInput } from './keypad-input.js';
import { createMaskGate, maskCards } from './mask-gate.js';

const format = { encoding: 'mulaw', sampleRate: 8_000, channels: 1 } as const;

function createTable() {
  const changes: boolean[] = [];
  const gate = createMaskGate((masked) => changes.push(masked));
  const clock = createVirtualClock();
  return { gate, changes, clock, keypad: createKeypadInput(gate, clock), signal: new AbortController() };
}

describe('the gate', () => {
  it('opens when the last who closed it opens it, also where they gave the same reason', () => {
    const { gate, changes } = createTable();
    const [one, other] = [gate.close('card'), gate.close('card')];
    one();
    one();
    expect(gate.isMasked).toBe(true);
    other();
    expect(changes).toEqual([true, false]);
  });

  it('lets nothing through while it is closed', () => {
    const { gate } = createTable();
    const open = gate.close('card');
    expect(gate.event({ type: 'dtmf', digit: '7', masked: false })).toMatchObject({
      digit: '•',
      masked: true,
    });
    const words = [{ text: 'seven', startMs: 0, endMs: 1 }];
    const final = {
      type: 'transcript-final',
      track: 'caller',
      text: 'seven',
      startMs: 0,
      endMs: 1,
      words,
    } as const;
    expect(gate.event({ ...final, promoted: false })).toMatchObject({ text: '', words: [] });
    expect(gate.audio(new Uint8Array(160).fill(1), format, 20)).toEqual(new Uint8Array(160).fill(0xff));
    open();
    expect(gate.event({ type: 'dtmf', digit: '7', masked: false })).toMatchObject({ digit: '7' });
  });
});

describe('card numbers', () => {
  const card = '4111 1111 1111 1111';
  it.each([
    [card, '•••• •••• •••• ••••'],
    ['4111111111111111', '••••••••••••••••'],
    ['it is 4111-1111-1111-1111.', 'it is ••••-••••-••••-••••.'],
    [`order 12 ${card}`, 'order 12 •••• •••• •••• ••••'],
    [`${card} 12 27 123`, '•••• •••• •••• •••• 12 27 123'],
    ['4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1', '• • • • • • • • • • • • • • • •'],
    ['3782 822463 10005', '•••• •••••• •••••'],
    ['4111 1111 1111 1112', '4111 1111 1111 1112'],
    ['call 555 0100', 'call 555 0100'],
  ])('%s', (text, masked) => {
    expect(maskCards(text)).toBe(masked);
  });
});

describe('the keypad', () => {
  it('gives what was typed, while the gate is closed', async () => {
    const { keypad, gate, signal, clock } = createTable();
    const typed = keypad.collect(4, signal.signal);
    await clock.advance(1);
    for (const digit of '98') keypad.press(digit);
    expect(gate.isMasked).toBe(true);
    for (const digit of '76') keypad.press(digit);
    expect(await typed).toBe('9876');
    expect(gate.isMasked).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it('takes one after the other: the gate stays closed for the second', async () => {
    const { keypad, gate, signal, clock } = createTable();
    const [one, other] = [keypad.collect(2, signal.signal), keypad.collect(2, signal.signal)];
    await clock.advance(1);
    for (const digit of '12') keypad.press(digit);
    expect(await one).toBe('12');
    await clock.advance(1);
    expect(gate.isMasked).toBe(true);
    for (const digit of '3#') keypad.press(digit);
    expect(await other).toBe('3');
    await clock.advance(1);
    expect(gate.isMasked).toBe(false);
  });

  it.each<[string, (table: ReturnType<typeof createTable>) => Promise<void> | void]>([
    ['nobody types', ({ clock }) => clock.advance(30_000)],
    ['the reply is over', ({ signal }) => signal.abort()],
    ['the call is over', ({ keypad }) => keypad.close()],
  ])('gives up and opens the gate when %s', async (_, happens) => {
    const table = createTable();
    const typed = table.keypad.collect(4, table.signal.signal);
    await table.clock.advance(1);
    table.keypad.press('1');
    await happens(table);
    expect(await typed).toBe('');
    expect(table.gate.isMasked).toBe(false);
    expect(table.clock.pendingTimers).toBe(0);
  });
});
