// What does the listening, the thinking and the speaking, said plainly.
import type { SpeakMode, StageInfo } from '../api/demo.js';
import type { ProviderHealth } from '../api/health.js';
import { useHealth } from '../call/use-health.js';

/** What each stage is to the person on the phone, by its name in the call log. */
const roles: Readonly<Record<string, string>> = { stt: 'Ears', llm: 'Mind', tts: 'Voice', telephony: 'Line' };

interface StageListProps {
  readonly stages: readonly StageInfo[];
  readonly mode: SpeakMode;
  readonly recogniser: 'page' | 'server';
}

export function StageList({ stages, mode, recogniser }: StageListProps) {
  const health = useHealth();
  return (
    <section aria-labelledby="stages-title">
      <h2 id="stages-title" className="mb-3 text-sm font-semibold">
        What this agent is made of
      </h2>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2.5 text-sm">
        {stages.map((stage) => {
          const { label, detail } = inThisCall(stage, mode, recogniser);
          return (
            <div key={stage.stage} className="col-span-2 grid grid-cols-subgrid">
              <dt className="font-semibold text-copper">{roles[stage.stage] ?? stage.stage}</dt>
              <dd>
                <span className="font-medium">{label}</span>
                <span className="block leading-snug text-muted">{detail}</span>
                {health
                  .filter((one) => one.stage === stage.stage && one.state !== 'closed')
                  .map(describeRest)}
              </dd>
            </div>
          );
        })}
      </dl>
    </section>
  );
}

/** A provider that is left alone is no secret: somebody else does its work. */
function describeRest({ provider, state, retryAfterMs, cause }: ProviderHealth) {
  const until =
    state === 'half-open'
      ? 'is being tried again'
      : retryAfterMs === null
        ? 'is left alone until its configuration changes'
        : `is left alone for ${Math.max(1, Math.ceil(retryAfterMs / 1_000))} s`;
  return (
    <span key={provider} className="block leading-snug font-medium text-stop">
      {`${provider} ${until}${cause === undefined ? '' : ` (${cause})`}`}
    </span>
  );
}

/** Who types or speaks into the browser's recogniser does not use the server's ears. */
function inThisCall(
  stage: StageInfo,
  mode: SpeakMode,
  recogniser: 'page' | 'server',
): Omit<StageInfo, 'stage'> {
  if (stage.stage !== 'stt') return stage;
  if (mode === 'typed') return { label: 'None needed', detail: 'The caller’s words come as text.' };
  if (mode === 'microphone' && recogniser === 'page') {
    return {
      label: 'Your browser’s recogniser',
      detail: 'It runs at your browser’s maker, or on your device.',
    };
  }
  return stage;
}
