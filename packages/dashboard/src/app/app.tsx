// The page: the phone, the conversation, and what the agent is made of.
import { useEffect, useState } from 'react';
import { loadDemo, type Demo, type PageError, type SpeakMode } from './api/demo.js';
import { findRecogniser, useCall } from './call/use-call.js';
import { ConversationView } from './components/conversation-view.js';
import { Header } from './components/header.js';
import { PhonePanel } from './components/phone-panel.js';
import { Problems } from './components/problems.js';
import { StageList } from './components/stage-list.js';

export function App() {
  const [demo, setDemo] = useState<Demo>();
  const [failure, setFailure] = useState<string>();

  useEffect(() => {
    loadDemo().then(setDemo, (problem: unknown) => setFailure((problem as PageError).message));
  }, []);

  if (demo !== undefined) return <Telephone demo={demo} />;
  return (
    <>
      <Header state="Waiting for the server" />
      <main className="mx-auto max-w-6xl px-5 py-10">
        {failure !== undefined && <Problems problems={[failure]} />}
      </main>
    </>
  );
}

const words = {
  idle: 'Line free',
  connecting: 'Connecting…',
  live: 'On the call',
  ended: 'Call ended',
} as const;

/** While the conversation grows, the phone stays where it is. */
const staysInView =
  'lg:sticky lg:top-0 lg:-m-3 lg:max-h-dvh lg:overflow-y-auto lg:p-3 lg:[scrollbar-width:thin]';

function Telephone({ demo }: { readonly demo: Demo }) {
  const call = useCall(demo);
  // A recording needs no permission and no idea what to say.
  const [mode, setMode] = useState<SpeakMode>(demo.callers.length > 0 ? 'recorded' : 'typed');
  const { status } = call.state;
  const isCalling = status === 'live' || status === 'connecting';
  return (
    <>
      <Header state={words[status]} isLive={status === 'live'} />
      <main
        className={`mx-auto flex max-w-6xl flex-col gap-8 px-5 py-6 md:py-10 lg:grid lg:grid-cols-[22.5rem_minmax(0,1fr)] lg:items-start lg:gap-14 ${isCalling ? 'max-lg:pb-64' : ''}`}
      >
        {/* On a narrow screen the conversation stands between the phone and what it is made of. */}
        <div className={`max-lg:contents lg:space-y-7 ${isCalling ? staysInView : ''}`}>
          <PhonePanel demo={demo} call={call} mode={mode} onMode={setMode} />
          <div className="order-3 lg:px-5">
            <StageList stages={demo.stages} mode={mode} recogniser={findRecogniser(demo)} />
          </div>
        </div>
        <ConversationView agent={demo.agent} state={call.state} />
      </main>
    </>
  );
}
