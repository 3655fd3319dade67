// What chains report about their members, as events of the call.
import type { AttemptReport } from '../spec/attempt.js';
import type { Stage } from '../spec/error.js';
import type { CallEventBody } from '../spec/call-event.js';

export function attemptEvent(stage: Stage, report: AttemptReport, track?: string): CallEventBody {
  if (report.type === 'used') return { type: 'provider-used', stage, provider: report.provider, track };
  const { error, provider, isHandled } = report;
  return {
    type: 'provider-failed',
    stage,
    provider,
    code: error.code,
    class: error.class,
    handled: isHandled,
  };
}
