// A chain of recognisers as one: whoever takes over hears again what nobody has settled, and results join by audio position.
import type { SttAdapter, SttCapabilities } from '../spec/stt.js';
import { chainHealthKey, lowest, primaryOf, providersOf } from './chain.js';
import { chainSettings, type ChainOptions } from './chain-options.js';
import { openSttRelay } from './stt-relay.js';

/**
 * Formats and languages are the primary's: what another member needs is converted. The rest is what every member has. A
 * member that fails is followed by the next one, which gets all audio that is not settled, no faster than it takes it; a
 * recovered one is returned to in a pause, while whoever took its place stays connected until it has proved itself.
 */
export function fallbackStt(members: readonly SttAdapter[], options: ChainOptions = {}): SttAdapter {
  const primary = primaryOf(members, 'stt');
  const settings = chainSettings(options);
  return {
    kind: 'stt',
    specVersion: 1,
    provider: primary.provider,
    healthKey: chainHealthKey(members),
    capabilities: capabilitiesOf(
      primary,
      members.map(({ capabilities }) => capabilities),
    ),
    members: providersOf(members),
    open: (request) => openSttRelay(members, request, settings),
  };
}

function capabilitiesOf(primary: SttAdapter, each: readonly SttCapabilities[]): SttCapabilities {
  const all = (
    key: 'partials' | 'flush' | 'speechEvents' | 'turnEvents' | 'diarization' | 'keyterms',
  ): boolean => each.every((capabilities) => capabilities[key]);
  const timings = ['none', 'segment', 'word'] as const;
  return {
    ...primary.capabilities,
    timing: timings.find((timing) => each.some((one) => one.timing === timing)) ?? 'none',
    partials: all('partials'),
    flush: all('flush'),
    speechEvents: all('speechEvents'),
    turnEvents: all('turnEvents'),
    diarization: all('diarization'),
    keyterms: all('keyterms'),
    maxReplayRate: Math.min(...each.map(({ maxReplayRate }) => maxReplayRate)),
    idleLimitMs: lowest(each.map(({ idleLimitMs }) => idleLimitMs)),
    // A session is followed by another before its provider ends it.
    sessionLimitMs: undefined,
  };
}
