// The buttons of the phone: call or hang up, mute, keypad.
import { useEffect, useState } from 'react';
import type { CallState } from '../call/call-state.js';
import { clockTime } from '../call/clock-time.js';
import { CallIcon, KeypadIcon, MicrophoneIcon, MutedIcon } from './icons.js';

interface CallBarProps {
  readonly state: CallState;
  readonly canDial: boolean;
  readonly hasMicrophone: boolean;
  readonly isKeypadOpen: boolean;
  readonly onDial: () => void;
  readonly onHangUp: () => void;
  readonly onMute: (isMuted: boolean) => void;
  readonly onKeypad: (isOpen: boolean) => void;
}

export function CallBar(props: CallBarProps) {
  const { state, canDial, hasMicrophone, isKeypadOpen, onDial, onHangUp, onMute, onKeypad } = props;
  const isCalling = state.status === 'connecting' || state.status === 'live';
  const MuteIcon = state.isMuted ? MutedIcon : MicrophoneIcon;
  return (
    <div className="flex gap-2">
      {isCalling ? (
        <button type="button" onClick={onHangUp} className={`${big} bg-stop text-on-stop`}>
          <CallIcon className="size-6 rotate-[135deg]" />
          {state.status === 'live' ? 'Hang up' : 'Cancel'}
          {state.status === 'live' && <Elapsed since={state.liveSince} />}
        </button>
      ) : (
        <button
          type="button"
          onClick={onDial}
          disabled={!canDial}
          className={`${big} bg-go text-on-go disabled:opacity-45`}
        >
          <CallIcon className="size-6" />
          {state.status === 'ended' ? 'Call again' : 'Call'}
        </button>
      )}
      {isCalling && hasMicrophone && (
        <Toggle isOn={state.isMuted} label={state.isMuted ? 'Muted' : 'Mute'} onToggle={onMute}>
          <MuteIcon />
        </Toggle>
      )}
      {isCalling && (
        <Toggle isOn={isKeypadOpen} label="Keypad" controls="keypad" onToggle={onKeypad}>
          <KeypadIcon />
        </Toggle>
      )}
    </div>
  );
}

const big =
  'flex h-14 flex-1 items-center justify-center gap-3 rounded-2xl text-lg font-semibold transition-[filter] hover:brightness-110';

interface ToggleProps {
  readonly isOn: boolean;
  readonly label: string;
  /** What it opens; without it, it is a state of its own. */
  readonly controls?: string;
  readonly onToggle: (isOn: boolean) => void;
  readonly children: React.ReactNode;
}

function Toggle({ isOn, label, controls, onToggle, children }: ToggleProps) {
  const state =
    controls === undefined ? { 'aria-pressed': isOn } : { 'aria-expanded': isOn, 'aria-controls': controls };
  return (
    <button
      type="button"
      onClick={() => onToggle(!isOn)}
      {...state}
      className={`grid h-14 w-18 shrink-0 place-content-center justify-items-center gap-0.5 rounded-2xl border text-xs font-medium transition-colors ${
        isOn ? 'border-copper bg-copper-soft' : 'border-rule bg-card hover:border-edge'
      }`}
    >
      {children}
      {label}
    </button>
  );
}

/** Counts by itself, so that nothing else is drawn again each second. */
function Elapsed({ since }: { readonly since: number }) {
  const [now, setNow] = useState(since);
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <span aria-hidden="true" className="font-normal tabular-nums">
      {clockTime(now - since)}
    </span>
  );
}
