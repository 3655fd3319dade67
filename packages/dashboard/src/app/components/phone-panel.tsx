// The phone itself: who is called, how the caller speaks, and the buttons. On a narrow screen these stay at the bottom during a call.
import { useState } from 'react';
import type { Demo, SpeakMode } from '../api/demo.js';
import { findRecogniser, type CallControls } from '../call/use-call.js';
import { useRecordedCaller } from '../call/use-recorded-caller.js';
import { CallBar } from './call-bar.js';
import { Composer } from './composer.js';
import { Keypad } from './keypad.js';
import { LineTrace } from './line-trace.js';
import { Problems, SoundGate } from './problems.js';
import { CallerChoice, RecordedLines } from './recorded-lines.js';
import { MicrophoneNote, TypeNote } from './speak-notes.js';
import { SpeakPicker } from './speak-picker.js';

interface PhonePanelProps {
  readonly demo: Demo;
  readonly call: CallControls;
  readonly mode: SpeakMode;
  readonly onMode: (mode: SpeakMode) => void;
}

export function PhonePanel({ demo, call, mode, onMode }: PhonePanelProps) {
  const { state } = call;
  const [callerId, setCallerId] = useState(demo.callers[0]?.id);
  const caller = demo.callers.find(({ id }) => id === callerId);
  const recorded = useRecordedCaller(call, mode === 'recorded' ? caller : undefined);
  const isLive = state.status === 'live';
  const isCalling = isLive || state.status === 'connecting';

  return (
    <section
      aria-labelledby="phone-title"
      className="flex flex-col gap-4 rounded-3xl border border-rule bg-card p-5 shadow-[0_1px_2px_rgb(0_0_0/0.04),0_12px_32px_-16px_rgb(0_0_0/0.18)]"
    >
      <div>
        <p className="text-sm text-muted">{isLive ? 'On the line with' : 'You are calling'}</p>
        <h2 id="phone-title" className="text-2xl leading-tight font-semibold tracking-tight">
          {demo.agent.name}
        </h2>
        <LineTrace phone={call.phone} isLive={isLive} />
      </div>
      {!isCalling && <SpeakPicker mode={mode} onChoose={onMode} />}
      {mode === 'microphone' && <MicrophoneNote wanted={demo.recogniser} found={findRecogniser(demo)} />}
      {mode === 'typed' && !isCalling && <TypeNote />}
      {mode === 'recorded' && !isCalling && (
        <CallerChoice callers={demo.callers} chosen={caller} onChoose={setCallerId} />
      )}
      {mode === 'recorded' && isCalling && caller && (
        <RecordedLines caller={caller} controls={recorded} isLive={isLive} />
      )}
      {state.isBlocked && isCalling && <SoundGate onResume={() => call.phone()?.resume()} />}
      <Problems problems={state.problems} />
      <Dock demo={demo} call={call} mode={mode} canDial={mode !== 'recorded' || caller !== undefined} />
    </section>
  );
}

type DockProps = Pick<PhonePanelProps, 'demo' | 'call' | 'mode'> & { readonly canDial: boolean };

function Dock({ demo, call, mode, canDial }: DockProps) {
  const { state } = call;
  const [isKeypadOpen, setKeypadOpen] = useState(false);
  const isLive = state.status === 'live';
  const isCalling = isLive || state.status === 'connecting';
  const fixed =
    'max-lg:fixed max-lg:inset-x-0 max-lg:bottom-0 max-lg:z-10 max-lg:border-t max-lg:border-rule max-lg:bg-card max-lg:px-5 max-lg:pt-4 max-lg:pb-[max(1rem,env(safe-area-inset-bottom))]';
  return (
    <div className={`flex flex-col gap-4 ${isCalling ? fixed : ''}`}>
      {mode === 'typed' && isCalling && (
        <Composer hints={demo.agent.hints} isLive={isLive} onSay={(text) => call.phone()?.say(text)} />
      )}
      <CallBar
        state={state}
        canDial={canDial}
        hasMicrophone={mode === 'microphone'}
        isKeypadOpen={isKeypadOpen}
        onDial={() => call.dial(mode)}
        onHangUp={call.hangUp}
        onMute={call.setMuted}
        onKeypad={setKeypadOpen}
      />
      <div id="keypad" hidden={!isKeypadOpen || !isCalling}>
        <Keypad onPress={call.press} />
      </div>
    </div>
  );
}
