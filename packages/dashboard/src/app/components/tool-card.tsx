// One tool call: what was asked, what came back, how long it took.
import { Collapsible } from 'radix-ui';
import type { ToolCall } from '../call/conversation.js';
import { AlertIcon, CheckIcon, ChevronIcon } from './icons.js';

export function ToolCard({ tool }: { readonly tool: ToolCall }) {
  const { name, input, outcome } = tool;
  return (
    <Collapsible.Root className="max-w-xl rounded-xl border border-rule bg-card text-sm">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
        <span className="text-muted">Tool</span>
        <code className="font-mono text-[0.8125rem] font-semibold">{name}</code>
        <ToolState outcome={outcome} />
        {outcome !== undefined && (
          <Collapsible.Trigger className="group -mr-2 ml-auto flex items-center gap-1 rounded-md px-2 py-1 text-muted hover:text-ink">
            Result
            <ChevronIcon className="size-4 transition-transform group-data-[state=open]:rotate-180" />
          </Collapsible.Trigger>
        )}
      </div>
      <ToolInput input={input} />
      {outcome !== undefined && (
        <Collapsible.Content>
          <pre className="max-h-56 overflow-auto border-t border-rule px-4 py-3 font-mono text-xs leading-relaxed whitespace-pre-wrap">
            {asText(outcome.output)}
          </pre>
        </Collapsible.Content>
      )}
    </Collapsible.Root>
  );
}

function ToolState({ outcome }: Pick<ToolCall, 'outcome'>) {
  if (outcome === undefined) return <span className="animate-ring text-copper">running…</span>;
  const Icon = outcome.isOk ? CheckIcon : AlertIcon;
  return (
    <span className={`flex items-center gap-1 ${outcome.isOk ? 'text-go' : 'text-stop'}`}>
      <Icon className="size-4" />
      {outcome.isOk ? 'done' : 'failed'} in{' '}
      <span className="tabular-nums">{Math.round(outcome.durationMs)} ms</span>
    </span>
  );
}

function ToolInput({ input }: { readonly input: unknown }) {
  const fields = typeof input === 'object' && input !== null ? Object.entries(input) : [];
  if (fields.length === 0) return null;
  return (
    <dl className="flex flex-wrap gap-x-6 gap-y-1 border-t border-rule px-4 py-2">
      {fields.map(([name, value]) => (
        <div key={name} className="flex min-w-0 gap-2">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 font-medium break-words">{asText(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
