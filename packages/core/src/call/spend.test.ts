// What calls cost: by time, by tokens, by characters, each once and at the price of who did the work.
import { describe, expect, it } from 'vitest';
import type { CallEvent, CallEventBody } from '../spec/call-event.js';
import { createSpend, type Prices } from './spend.js';

const prices: Prices = {
  stt: { ears: { perMinute: 0.6 }, others: { perMinute: 6 } },
  llm: {
    mind: { perMillionInputTokens: 2, perMillionOutputTokens: 8 },
    spare: { perMillionInputTokens: 4, perMillionOutputTokens: 16 },
  },
  tts: { voice: { perThousandCharacters: 0.1 } },
  telephony: { line: { perMinute: 1.2 } },
};
const telephone = { encoding: 'mulaw', sampleRate: 8000, channels: 1 } as const;
const at = (atMs: number, body: CallEventBody): CallEvent => ({ version: 1, seq: 1, atMs, ...body });
const started = (atMs: number, ...labels: readonly string[]): CallEvent =>
  at(atMs, {
    type: 'call-started',
    callId: 'call',
    mode: 'agent',
    tracks: labels.map((label) => ({ label, format: telephone })),
    resumed: atMs > 0,
  });
const used = (atMs: number, track: string, provider: string): CallEvent =>
  at(atMs, { type: 'provider-used', stage: 'stt', provider, track });
const usage = (body: Omit<Extract<CallEventBody, { readonly type: 'usage' }>, 'type'>): CallEvent =>
  at(0, { type: 'usage', ...body });

/** Of these events, at this time. */
function costOf(nowMs: number, ...events: readonly CallEvent[]): number {
  const spend = createSpend({ prices, stt: 'ears', telephony: 'line' });
  for (const event of events) spend.add(event);
  return spend.total(nowMs);
}

describe('time', () => {
  it('costs the line once, and ears for each track', () => {
    expect(costOf(60_000, started(0, 'caller'))).toBeCloseTo(1.2 + 0.6);
    expect(costOf(60_000, started(0, 'caller', 'agent'))).toBeCloseTo(1.2 + 2 * 0.6);
  });

  it('costs what those ask who listen now', () => {
    expect(costOf(60_000, started(0, 'caller'), used(30_000, 'caller', 'others'))).toBeCloseTo(1.2 + 0.3 + 3);
  });

  it('ends with the call, and what ears tell of themselves is not counted again', () => {
    const told = usage({ stage: 'stt', provider: 'ears', audioMs: 60_000 });
    const ended = at(60_000, { type: 'call-ended', reason: 'caller-hung-up', durationMs: 60_000 });
    expect(costOf(90_000, started(0, 'caller'), told, ended)).toBeCloseTo(1.8);
  });

  it('reaches an amount when it says, and never where it costs nothing', () => {
    const spend = createSpend({ prices, stt: 'ears', telephony: 'line' });
    spend.add(started(0, 'caller'));
    expect(spend.reachesAt(0.9)).toBeCloseTo(30_000);
    expect(spend.total(spend.reachesAt(0.9))).toBeCloseTo(0.9);
    expect(createSpend({ prices, stt: undefined }).reachesAt(1)).toBe(Infinity);
    expect(createSpend({ prices }).reachesAt(0)).toBe(0);
  });
});

describe('what is told', () => {
  it.each<[string, number, CallEvent]>([
    ['tokens', 2 + 4, usage({ stage: 'llm', provider: 'mind', inputTokens: 1e6, outputTokens: 5e5 })],
    ['tokens of another', 4, usage({ stage: 'llm', provider: 'spare', inputTokens: 1e6 })],
    ['characters', 0.2, usage({ stage: 'tts', provider: 'voice', characters: 2_000 })],
    ['who has no price', 0, usage({ stage: 'tts', provider: 'nobody', characters: 2_000 })],
    [
      'a question that was asked twice',
      4,
      at(0, { type: 'provider-hedged', stage: 'llm', provider: 'spare', inputCharacters: 4e6 }),
    ],
  ])('counts %s', (_, cost, event) => {
    expect(costOf(0, event)).toBeCloseTo(cost);
  });
});

it('a call that is taken up again goes on from what it had cost, also where its log forgot what for', () => {
  const ended = at(60_000, { type: 'call-ended', reason: 'media-lost', durationMs: 60_000, cost: 7 });
  expect(costOf(60_000, ended)).toBe(7);
  expect(costOf(120_000, ended, started(60_000, 'caller'))).toBeCloseTo(7 + 1.8);
});
