// How the caller speaks: three ways, one of them chosen.
import { RadioGroup } from 'radix-ui';
import type { ComponentType } from 'react';
import type { SpeakMode } from '../api/demo.js';
import { KeyboardIcon, MicrophoneIcon, RecordedIcon } from './icons.js';

interface Choice {
  readonly mode: SpeakMode;
  readonly name: string;
  readonly hint: string;
  readonly Icon: ComponentType<{ className?: string }>;
}

const choices: readonly Choice[] = [
  { mode: 'microphone', name: 'Microphone', hint: 'You talk', Icon: MicrophoneIcon },
  { mode: 'typed', name: 'Type', hint: 'You write', Icon: KeyboardIcon },
  { mode: 'recorded', name: 'Recording', hint: 'You listen', Icon: RecordedIcon },
];

interface SpeakPickerProps {
  readonly mode: SpeakMode;
  readonly onChoose: (mode: SpeakMode) => void;
}

export function SpeakPicker({ mode, onChoose }: SpeakPickerProps) {
  return (
    <fieldset className="min-w-0">
      <legend id="speak-legend" className="mb-2 text-sm font-semibold">
        How does the caller speak?
      </legend>
      <RadioGroup.Root
        value={mode}
        onValueChange={(value) => onChoose(value as SpeakMode)}
        aria-labelledby="speak-legend"
        orientation="horizontal"
        className="grid grid-cols-3 gap-2"
      >
        {choices.map(({ mode: value, name, hint, Icon }) => (
          <RadioGroup.Item
            key={value}
            value={value}
            className="rounded-xl border border-rule bg-card p-3 text-left transition-colors hover:border-edge data-[state=checked]:border-copper data-[state=checked]:bg-copper-soft data-[state=checked]:shadow-[inset_0_0_0_1px_var(--copper)]"
          >
            <Icon className="mb-2 size-5 text-copper" />
            <span className="block text-sm leading-tight font-semibold">{name}</span>
            <span className="block text-xs text-muted">{hint}</span>
          </RadioGroup.Item>
        ))}
      </RadioGroup.Root>
    </fieldset>
  );
}
