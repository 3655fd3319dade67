// Where a typing caller writes.
import { useEffect, useRef, type SubmitEvent } from 'react';
import { SendIcon } from './icons.js';

interface ComposerProps {
  readonly hints: readonly string[];
  readonly isLive: boolean;
  readonly onSay: (text: string) => void;
}

export function Composer({ hints, isLive, onSay }: ComposerProps) {
  const input = useRef<HTMLInputElement>(null);

  useEffect(() => {
    if (isLive) input.current?.focus();
  }, [isLive]);

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const text = input.current?.value.trim() ?? '';
    if (text === '' || input.current === null) return;
    onSay(text);
    input.current.value = '';
  }

  return (
    <form onSubmit={submit}>
      <label htmlFor="say" className="mb-2 block text-sm font-semibold">
        What the caller says
      </label>
      <div className="flex gap-2">
        <input
          ref={input}
          id="say"
          disabled={!isLive}
          autoComplete="off"
          maxLength={500}
          placeholder={isLive ? 'Write and press Enter' : 'Call first'}
          className="h-12 min-w-0 flex-1 rounded-xl border border-edge bg-card px-4 placeholder:text-muted disabled:opacity-55"
        />
        <button
          type="submit"
          disabled={!isLive}
          className="grid size-12 place-items-center rounded-xl bg-ink text-paper disabled:opacity-40"
        >
          <SendIcon />
          <span className="sr-only">Say it</span>
        </button>
      </div>
      {isLive && (
        <ul
          aria-label="Suggestions"
          className="mt-3 flex gap-2 max-lg:overflow-x-auto max-lg:pb-1 lg:flex-wrap"
        >
          {hints.map((hint) => (
            <li key={hint}>
              <button
                type="button"
                onClick={() => onSay(hint)}
                className="rounded-full border border-rule bg-card px-3 py-1 text-left text-sm whitespace-nowrap -outline-offset-2 hover:border-edge"
              >
                {hint}
              </button>
            </li>
          ))}
        </ul>
      )}
    </form>
  );
}
