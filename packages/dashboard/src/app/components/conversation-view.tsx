// The conversation as it happens, each answer with the time it took; before it, what to expect.
import { useEffect, useRef } from 'react';
import type { Demo } from '../api/demo.js';
import type { CallState } from '../call/call-state.js';
import { clockTime } from '../call/clock-time.js';
import { EndOfCall, EntryView } from './conversation-entries.js';
import { LatencyLegend } from './latency-bar.js';

/** Bars of a call share one scale, which is never shorter than this. */
const shortestScaleMs = 1_500;

interface ConversationViewProps {
  readonly agent: Demo['agent'];
  readonly state: CallState;
}

export function ConversationView({ agent, state }: ConversationViewProps) {
  const { status, conversation, durationMs } = state;
  const { entries, endReason } = conversation;
  const end = useRef<HTMLDivElement>(null);
  const totals = entries.map((entry) => (entry.kind === 'agent' ? (entry.latency?.totalMs ?? 0) : 0));
  const fullMs = Math.max(shortestScaleMs, ...totals);

  useEffect(() => {
    if (entries.length > 0) end.current?.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  }, [entries]);

  if (status === 'idle') return <BeforeTheCall agent={agent} />;
  return (
    <section aria-labelledby="conversation-title" className="min-w-0">
      <h2 id="conversation-title" className="mb-1 text-2xl font-semibold tracking-tight">
        Conversation
      </h2>
      <LatencyLegend />
      <div role="log" aria-label="Transcript" aria-live="polite" className="mt-6">
        <ol>
          {entries.map((entry) => (
            <EntryView key={entry.id} entry={entry} agentName={agent.name} fullMs={fullMs} />
          ))}
          {status === 'ended' && (
            <EndOfCall atMs={durationMs}>
              {endReason ?? 'The call has ended.'} It lasted {clockTime(durationMs)}.
            </EndOfCall>
          )}
        </ol>
      </div>
      {entries.length === 0 && status !== 'ended' && (
        <p className="animate-ring text-lg text-muted">Ringing…</p>
      )}
      <div ref={end} className="scroll-mb-8 max-lg:scroll-mb-64" />
    </section>
  );
}

function BeforeTheCall({ agent }: { readonly agent: Demo['agent'] }) {
  return (
    <section aria-labelledby="before-title" className="min-w-0">
      <h2
        id="before-title"
        className="max-w-[18ch] text-4xl leading-[1.08] font-semibold tracking-tight text-balance md:text-5xl"
      >
        Call {agent.name} and talk to the machine that answers.
      </h2>
      <p className="mt-5 max-w-[52ch] text-lg leading-normal text-muted">
        It picks up with “{agent.greeting}” You hear it speak, and what both of you say appears here, each
        answer with the milliseconds it took and where they went. Interrupt it whenever you like.
      </p>
      <h3 className="mt-10 mb-3 text-sm font-semibold">Things to say</h3>
      <ul className="border-l border-copper/45">
        {agent.hints.map((hint) => (
          <li key={hint} className="relative py-1.5 pl-6 text-lg leading-snug">
            <span
              aria-hidden="true"
              className="absolute top-[0.95rem] -left-[0.3125rem] size-2.5 rounded-full border-2 border-copper bg-paper"
            />
            {hint}
          </li>
        ))}
      </ul>
    </section>
  );
}
