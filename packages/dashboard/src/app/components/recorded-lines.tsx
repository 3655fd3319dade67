// The shipped callers and the lines they say.
import { RadioGroup, Switch } from 'radix-ui';
import type { RecordedCaller } from '../api/demo.js';
import type { RecordedCallerControls } from '../call/use-recorded-caller.js';
import { CheckIcon, PlayIcon, SpeakerIcon } from './icons.js';

interface CallerChoiceProps {
  readonly callers: readonly RecordedCaller[];
  readonly chosen: RecordedCaller | undefined;
  readonly onChoose: (id: string) => void;
}

export function CallerChoice({ callers, chosen, onChoose }: CallerChoiceProps) {
  if (callers.length === 0)
    return <p className="text-sm text-muted">This server ships no recorded callers.</p>;
  return (
    <RadioGroup.Root
      value={chosen?.id ?? ''}
      onValueChange={onChoose}
      aria-label="Recorded caller"
      className="divide-y divide-rule overflow-hidden rounded-xl border border-rule"
    >
      {callers.map(({ id, name, description, utterances }) => (
        <RadioGroup.Item
          key={id}
          value={id}
          className="group flex w-full items-start gap-3 bg-card px-4 py-3 text-left -outline-offset-2 data-[state=checked]:bg-copper-soft"
        >
          <span className="mt-1 grid size-4 shrink-0 place-items-center rounded-full border border-edge group-data-[state=checked]:border-copper">
            <RadioGroup.Indicator className="size-2 rounded-full bg-copper" />
          </span>
          <span className="min-w-0 text-sm">
            <span className="font-semibold">{name}</span>
            <span className="text-muted">
              {' '}
              · {utterances.length === 1 ? '1 line' : `${utterances.length} lines`}
            </span>
            <span className="block text-muted">{description}</span>
          </span>
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}

interface RecordedLinesProps {
  readonly caller: RecordedCaller;
  readonly controls: RecordedCallerControls;
  readonly isLive: boolean;
}

export function RecordedLines({ caller, controls, isLive }: RecordedLinesProps) {
  const { current, said, isAutomatic, setAutomatic, speak } = controls;
  return (
    <div>
      <div className="mb-2 flex items-center justify-between gap-4">
        <h3 className="text-sm font-semibold">What {caller.name} says</h3>
        <label className="flex items-center gap-2 text-sm text-muted" htmlFor="automatic">
          Takes turns alone
          <Switch.Root
            id="automatic"
            checked={isAutomatic}
            onCheckedChange={setAutomatic}
            className="h-6 w-10 rounded-full border border-edge bg-sunken p-0.5 transition-colors data-[state=checked]:border-copper data-[state=checked]:bg-copper"
          >
            <Switch.Thumb className="block size-4.5 rounded-full bg-edge transition-transform data-[state=checked]:translate-x-4 data-[state=checked]:bg-card" />
          </Switch.Root>
        </label>
      </div>
      <ol className="space-y-1">
        {caller.utterances.map(({ text }, index) => (
          <li key={text}>
            <button
              type="button"
              disabled={!isLive}
              onClick={() => speak(index)}
              aria-label={`Say now: ${text}`}
              aria-current={current === index ? 'step' : undefined}
              className="flex w-full items-start gap-3 rounded-lg px-2 py-1.5 text-left text-sm enabled:hover:bg-sunken aria-[current]:bg-copper-soft"
            >
              <LineState isCurrent={current === index} wasSaid={said.has(index)} />
              <span className={said.has(index) && current !== index ? 'text-muted' : ''}>{text}</span>
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}

function LineState({ isCurrent, wasSaid }: { readonly isCurrent: boolean; readonly wasSaid: boolean }) {
  const className = 'mt-0.5 size-4 shrink-0 text-copper';
  if (isCurrent) return <SpeakerIcon className={className} />;
  return wasSaid ? <CheckIcon className={className} /> : <PlayIcon className={className} />;
}
