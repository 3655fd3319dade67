// Acme's events in, our events out; our instructions in, Acme's actions out.
import type { CallInstruction } from '@voicewire/core/adapter';
import { expect, test } from 'vitest';
import { toAction, toEvent } from '../src/acme-webhook.js';

test('the end of a call has its place among the callbacks, and its length', () => {
  const event = { event: 'status', call: 'c-1', status: 'completed', sequence: 4, duration: 61 };
  expect(toEvent(event)).toEqual({
    type: 'call-status',
    callId: 'c-1',
    status: 'completed',
    sequence: 4,
    durationMs: 61_000,
  });
});

test('an event of an unknown name is passed on by it', () => {
  expect(toEvent({ event: 'call.sneezed', call: 'c-1' })).toEqual({ type: 'unknown', name: 'call.sneezed' });
});

test.each<[CallInstruction, object]>([
  [
    { type: 'stream', url: 'wss://calls.example.com/media', token: 't' },
    { action: 'stream', url: 'wss://calls.example.com/media', token: 't' },
  ],
  [
    { type: 'gather', url: 'https://calls.example.com/keys', digits: 4, timeoutMs: 2500 },
    { action: 'gather', url: 'https://calls.example.com/keys', digits: 4, timeout: 3 },
  ],
  [{ type: 'hangup' }, { action: 'hangup' }],
])('%j is an action', (instruction, action) => {
  expect(toAction(instruction)).toEqual(action);
});
