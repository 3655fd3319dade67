// A call as lines to read: who said what and when, and what went on behind it.
import type { CallEvent } from '@voicewire/core';

/** One line per event that is worth one. */
export function describeCall(log: readonly CallEvent[]): readonly string[] {
  return log.flatMap((event) => {
    const text = describe(event);
    return text === undefined ? [] : [`${(event.atMs / 1000).toFixed(2).padStart(7)} s  ${text}`];
  });
}

function describe(event: CallEvent): string | undefined {
  switch (event.type) {
    case 'user-turn':
      return `caller  ${event.text}${event.keypad ? ' (keys)' : ''}`;
    case 'agent-heard':
      return event.text === ''
        ? undefined
        : `agent   ${event.text}${event.outcome === 'heard' ? '' : ` (${event.outcome})`}`;
    case 'tool-started':
      return `        ${event.name} ${event.argumentsText}`;
    case 'tool-finished':
      return `        ${event.ok ? '→' : '✗'} ${event.result}`;
    case 'provider-used':
      return `        ${event.stage}: ${event.provider}`;
    case 'provider-failed':
      return `        ${event.stage}: ${event.provider} failed (${event.code})${event.handled ? ', the next one took over' : ''}`;
    case 'provider-hedged':
      return `        ${event.stage}: ${event.provider} was asked besides, ${event.winner ?? 'nobody'} began`;
    case 'error':
      return `        ${event.message}`;
    case 'call-ended':
      return `        the call is over (${event.reason})`;
    default:
      return undefined;
  }
}
