// Where one turn's time went: a stacked bar and its figures.
import type { Latency } from '../api/call-events.js';

interface StageOfTurn {
  readonly field: Exclude<keyof Latency, 'totalMs'>;
  readonly name: string;
  readonly meaning: string;
  readonly colour: string;
}

/** In the order they happen. */
export const turnStages: readonly StageOfTurn[] = [
  { field: 'sttMs', name: 'Ears', meaning: 'speech to text', colour: 'bg-stage-ears' },
  {
    field: 'endpointMs',
    name: 'Pause',
    meaning: 'endpointing',
    colour: 'bg-stage-pause',
  },
  { field: 'llmMs', name: 'Mind', meaning: 'LLM, first token', colour: 'bg-stage-mind' },
  { field: 'ttsMs', name: 'Voice', meaning: 'TTS, first audio', colour: 'bg-stage-voice' },
];

interface LatencyBarProps {
  readonly latency: Latency;
  /** What a full bar stands for, so that the bars of a call compare. */
  readonly fullMs: number;
}

export function LatencyBar({ latency, fullMs }: LatencyBarProps) {
  return (
    <div className="text-xs text-muted">
      <p className="flex items-baseline justify-between gap-2">
        <span>answered after</span>
        <span className="text-sm font-semibold text-ink tabular-nums">{Math.round(latency.totalMs)} ms</span>
      </p>
      <div aria-hidden="true" className="my-1.5 flex h-2 gap-px overflow-hidden rounded-full bg-sunken">
        {turnStages.map(({ field, colour }) => (
          <span key={field} className={colour} style={{ width: `${(latency[field] / fullMs) * 100}%` }} />
        ))}
      </div>
      <dl className="grid grid-cols-2 gap-x-4">
        {turnStages.map(({ field, name, colour }) => (
          <div key={field} className="flex items-center gap-1.5">
            <dt className="flex items-center gap-1.5">
              <span aria-hidden="true" className={`size-2 rounded-full ${colour}`} />
              {name}
            </dt>
            <dd className="ml-auto tabular-nums">{Math.round(latency[field])}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** What the colours mean, once for the whole conversation. */
export function LatencyLegend() {
  return (
    <p className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
      <span>Milliseconds to answer:</span>
      {turnStages.map(({ name, meaning, colour }) => (
        <span key={name} className="flex items-center gap-1.5">
          <span aria-hidden="true" className={`size-2 rounded-full ${colour}`} />
          <b className="font-semibold text-ink">{name}</b> {meaning}
        </span>
      ))}
    </p>
  );
}
