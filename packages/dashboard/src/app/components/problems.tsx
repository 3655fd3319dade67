// What went wrong, in sentences, where a screen reader hears it at once.
import { AlertIcon, SpeakerIcon } from './icons.js';

export function Problems({ problems }: { readonly problems: readonly string[] }) {
  return (
    <div
      role="alert"
      className={problems.length > 0 ? 'space-y-1 rounded-xl bg-stop-soft px-4 py-3' : 'hidden'}
    >
      {problems.map((problem) => (
        <p key={problem} className="flex items-start gap-2 text-sm font-medium text-stop">
          <AlertIcon className="mt-0.5 size-4 shrink-0" />
          {problem}
        </p>
      ))}
    </div>
  );
}

/** Browsers play nothing on a page that was not touched. */
export function SoundGate({ onResume }: { readonly onResume: () => void }) {
  return (
    <button
      type="button"
      onClick={onResume}
      className="flex w-full items-center gap-3 rounded-xl border border-copper bg-copper-soft px-4 py-3 text-left text-sm font-semibold"
    >
      <SpeakerIcon />
      Your browser holds the sound back. Press here to hear the agent.
    </button>
  );
}
