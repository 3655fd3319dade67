// What is reported about providers, as events of the call.
import type { AttemptReport } from '../spec/attempt.js';
import type { Stage } from '../spec/error.js';
import type { CallEventBody } from '../spec/call-event.js';

export function attemptEvent(stage: Stage, report: AttemptReport, track?: string): CallEventBody {
  const { provider } = report;
  switch (report.type) {
    case 'used':
      return { type: 'provider-used', stage, provider, track };
    case 'failed': {
      const { error, isHandled } = report;
      const { code, class: errorClass } = error;
      return { type: 'provider-failed', stage, provider, code, class: errorClass, handled: isHandled };
    }
    case 'hedged': {
      const { winner, inputCharacters } = report;
      return { type: 'provider-hedged', stage, provider, winner, inputCharacters };
    }
    case 'skipped': {
      const { reason, count } = report;
      return { type: 'messages-skipped', stage, provider, reason, count };
    }
  }
}
