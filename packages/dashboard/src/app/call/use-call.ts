// One call after another: the phone, the call's log, and what both mean for the page.
import {
  createBrowserPhone,
  findSpeechRecognition,
  type BrowserPhone,
  type PhoneEvent,
} from '@voicewire/telephony-browser/client';
import workletUrl from '@voicewire/telephony-browser/worklet?worker&url';
import { useCallback, useEffect, useReducer, useRef, type Dispatch } from 'react';
import { followCall, type EventSubscription } from '../api/call-events.js';
import { startCall, type Demo, type Recogniser, type SpeakMode } from '../api/demo.js';
import { idleCall, reduceCall, type CallAction, type CallState } from './call-state.js';

export interface CallControls {
  readonly state: CallState;
  /** Undefined before the first call. */
  readonly phone: () => BrowserPhone | undefined;
  readonly dial: (mode: SpeakMode) => void;
  readonly hangUp: () => void;
  readonly press: (digit: string) => void;
  readonly setMuted: (isMuted: boolean) => void;
  readonly report: (problem: unknown) => void;
}

export function useCall(demo: Demo | undefined): CallControls {
  const [state, dispatch] = useReducer(reduceCall, idleCall);
  const phone = useRef<BrowserPhone>(undefined);
  const events = useRef<EventSubscription>(undefined);
  const report = useCallback(
    (problem: unknown) => dispatch({ type: 'problem', message: wordsFor(problem) }),
    [],
  );

  useEffect(
    () => () => {
      phone.current?.hangUp();
      events.current?.close();
    },
    [],
  );

  function dial(mode: SpeakMode): void {
    if (demo === undefined) return;
    events.current?.close();
    dispatch({ type: 'dialled' });
    const next = createPhone(demo, mode, dispatch, (subscription) => (events.current = subscription));
    phone.current = next;
    next.call().catch((problem: unknown) => {
      events.current?.close();
      dispatch({ type: 'ended', now: performance.now() });
      if ((problem as { code?: string }).code !== 'cancelled') report(problem);
    });
  }

  return {
    state,
    phone: () => phone.current,
    dial,
    report,
    hangUp: () => phone.current?.hangUp(),
    press: (digit) => phone.current?.press(digit),
    setMuted(isMuted) {
      phone.current?.setMuted(isMuted);
      dispatch({ type: 'muted', isMuted });
    },
  };
}

function createPhone(
  demo: Demo,
  mode: SpeakMode,
  dispatch: Dispatch<CallAction>,
  onSubscribed: (subscription: EventSubscription) => void,
): BrowserPhone {
  const onLost = (): void =>
    dispatch({ type: 'problem', message: 'The transcript was lost; the call itself goes on.' });
  const recogniser = findRecogniser(demo);
  return createBrowserPhone({
    workletUrl,
    sampleRate: demo.sampleRate,
    mouthpiece: mode === 'microphone' ? 'microphone' : 'none',
    // The demo's agent speaks English, whatever the browser does.
    recogniser: mode === 'microphone' && recogniser === 'page' ? { language: 'en-US' } : undefined,
    parameters: { speak: mode },
    async destination() {
      const { callId, token, mediaUrl } = await startCall(mode, recogniser);
      onSubscribed(followCall(callId, (news) => dispatch({ type: 'news', news }), onLost));
      return { url: mediaUrl, token, callId };
    },
    onEvent: (event) => tell(event, dispatch),
  });
}

function tell(event: PhoneEvent, dispatch: Dispatch<CallAction>): void {
  const now = performance.now();
  if (event.type === 'live') dispatch({ type: 'live', now });
  if (event.type === 'blocked') dispatch(event);
  if ('error' in event) dispatch({ type: 'problem', message: event.error.message });
  if (event.type !== 'ended') return;
  dispatch({ type: 'ended', now, reason: event.reason === 'hung-up' ? 'You hung up.' : undefined });
}

/** A browser without a recogniser of its own leaves the listening to the server, whose ears may know few speakers. */
export function findRecogniser({ recogniser }: Demo): Recogniser {
  return findSpeechRecognition() === undefined ? 'server' : recogniser;
}

/** Errors of the page and of the phone are sentences; any other is a defect, and says so. */
function wordsFor(problem: unknown): string {
  if (problem instanceof Error && (problem.name === 'PageError' || problem.name === 'PhoneError'))
    return problem.message;
  return 'Something went wrong in this page. The browser’s console has the details.';
}
