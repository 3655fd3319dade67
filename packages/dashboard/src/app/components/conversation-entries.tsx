// The entries of the conversation: what the caller and the agent said, keys, notices.
import type { ReactNode } from 'react';
import type { AgentEntry, CallerEntry, Entry, KeyEntry, NoticeEntry } from '../call/conversation.js';
import { clockTime } from '../call/clock-time.js';
import { splitHeard, type HeardPart } from '../call/heard.js';
import { AlertIcon } from './icons.js';
import { LatencyBar } from './latency-bar.js';
import { ToolCard } from './tool-card.js';

interface EntryViewProps {
  readonly entry: Entry;
  readonly agentName: string;
  readonly fullMs: number;
}

export function EntryView({ entry, agentName, fullMs }: EntryViewProps) {
  switch (entry.kind) {
    case 'caller':
      return <CallerTurn entry={entry} />;
    case 'agent':
      return <AgentTurn entry={entry} agentName={agentName} fullMs={fullMs} />;
    case 'keys':
      return <Keys entry={entry} />;
    case 'notice':
      return <Notice entry={entry} />;
  }
}

interface RowProps {
  readonly atMs: number;
  /** On the wire: what the two sides look like from afar. */
  readonly node: ReactNode;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/** A row on the wire: its time, its place, what was said, and at the side what it took. */
function Row({ atMs, node, aside, children }: RowProps) {
  return (
    <li className="group relative grid animate-arrive grid-cols-[1.25rem_minmax(0,1fr)] gap-x-4 pb-6 md:grid-cols-[2.75rem_1.25rem_minmax(0,1fr)_11.5rem]">
      <time className="hidden pt-0.5 text-right text-xs text-muted tabular-nums md:block">
        {clockTime(atMs)}
      </time>
      <span aria-hidden="true" className="relative flex justify-center max-md:row-span-2">
        <span className="absolute top-0 bottom-[-1.5rem] w-px bg-copper/45 group-last:bottom-0" />
        <span className="relative mt-1.5">{node}</span>
      </span>
      <div className="min-w-0">{children}</div>
      {aside !== undefined && (
        <div className="col-start-2 mt-3 max-w-60 md:col-start-4 md:mt-0.5">{aside}</div>
      )}
    </li>
  );
}

const callerNode = <span className="block size-2.5 rounded-full bg-ink ring-4 ring-paper" />;
const agentNode = (
  <span className="block size-2.5 rounded-full border-2 border-copper bg-paper ring-4 ring-paper" />
);
const smallNode = <span className="block size-1.5 rounded-full bg-edge ring-4 ring-paper" />;

function CallerTurn({ entry: { atMs, speaker, text, partial } }: { readonly entry: CallerEntry }) {
  return (
    <Row atMs={atMs} node={callerNode}>
      <Speaker name={speaker === 'caller' || speaker === '' ? 'Caller' : speaker} />
      <p className="text-lg leading-snug font-medium">
        {text}
        {partial !== '' && <span className="text-muted italic"> {partial}…</span>}
      </p>
    </Row>
  );
}

function AgentTurn({
  entry,
  agentName,
  fullMs,
}: {
  readonly entry: AgentEntry;
  readonly agentName: string;
  readonly fullMs: number;
}) {
  const { atMs, parts, latency } = entry;
  const texts = splitHeard(entry);
  return (
    <Row atMs={atMs} node={agentNode} aside={latency && <LatencyBar latency={latency} fullMs={fullMs} />}>
      <Speaker name={agentName} />
      <div className="space-y-2.5">
        {parts.map((part, index) =>
          part.kind === 'tool' ? (
            <ToolCard key={part.id} tool={part} />
          ) : (
            <SaidText key={`text-${index}`} part={texts[index]} />
          ),
        )}
        {parts.length === 0 && <p className="animate-ring text-muted">thinking…</p>}
        {entry.end?.isCut === true && (
          <p className="text-xs text-muted">Cut short: what is struck out was not heard.</p>
        )}
      </div>
    </Row>
  );
}

function SaidText({ part }: { readonly part: HeardPart | undefined }) {
  if (part === undefined) return null;
  return (
    <p className="text-lg leading-snug">
      {part.heard}
      {part.unheard !== '' && (
        <>
          {' '}
          <del className="text-muted decoration-stop decoration-1">{part.unheard}</del>
        </>
      )}
    </p>
  );
}

function Keys({ entry: { atMs, digits } }: { readonly entry: KeyEntry }) {
  return (
    <Row atMs={atMs} node={smallNode}>
      <p className="text-sm text-muted">
        Keypad{' '}
        <span className="ml-1 rounded-md border border-rule bg-card px-2 py-0.5 font-mono font-semibold tracking-[0.2em] text-ink">
          {digits}
        </span>
      </p>
    </Row>
  );
}

function Notice({ entry: { atMs, tone, text } }: { readonly entry: NoticeEntry }) {
  return (
    <Row atMs={atMs} node={smallNode}>
      <p className={`flex items-start gap-2 text-sm ${tone === 'error' ? 'text-stop' : 'text-muted'}`}>
        <AlertIcon className="mt-0.5 size-4 shrink-0" />
        {text}
      </p>
    </Row>
  );
}

/** The last thing on the wire. */
export function EndOfCall({ atMs, children }: { readonly atMs: number; readonly children: ReactNode }) {
  return (
    <Row atMs={atMs} node={<span className="block h-0.5 w-3.5 bg-copper" />}>
      <p className="pt-0.5 text-sm font-medium text-muted">{children}</p>
    </Row>
  );
}

function Speaker({ name }: { readonly name: string }) {
  return <p className="mb-0.5 text-xs font-semibold tracking-wide text-muted">{name}</p>;
}
