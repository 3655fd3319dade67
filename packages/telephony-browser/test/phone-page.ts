// What the test's page runs: a phone on the window, and what it told.
import { createBrowserPhone, type BrowserPhone, type PhoneEvent } from '../src/client/index.js';
import type { SpeechRecognitionLike } from '../src/client/index.js';

/** A recogniser that hears what the test says. */
class InjectedRecognition implements SpeechRecognitionLike {
  lang = '';
  continuous = false;
  interimResults = false;
  onspeechstart: SpeechRecognitionLike['onspeechstart'] = null;
  onresult: SpeechRecognitionLike['onresult'] = null;
  onerror: SpeechRecognitionLike['onerror'] = null;
  onend: SpeechRecognitionLike['onend'] = null;

  start(track?: MediaStreamTrack): void {
    window.recognition = this;
    window.recognisedTrack = track?.kind;
  }

  stop(): void {
    this.onend?.();
  }

  abort(): void {
    window.recognisedTrack = undefined;
    this.onend?.();
  }

  hear(transcript: string, isFinal: boolean): void {
    const result = Object.assign([{ transcript, confidence: 0.8 }], { isFinal });
    this.onresult?.({ resultIndex: 0, results: [result] });
  }
}

declare global {
  interface Window {
    phone: BrowserPhone;
    events: PhoneEvent[];
    recognition: InjectedRecognition | undefined;
    recognisedTrack: string | undefined;
    /** Every microphone the page was given. */
    microphones: MediaStreamTrack[];
    dial(url: string, how: 'microphone' | 'none', withRecogniser?: boolean): Promise<string>;
    tone(ms: number): ArrayBuffer;
  }
}

window.events = [];
window.microphones = [];

const askForMicrophone = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (constraints) => {
  const stream = await askForMicrophone(constraints);
  window.microphones.push(...stream.getTracks());
  return stream;
};

/** `connected`, or the code of what went wrong. */
window.dial = async (url, how, withRecogniser = false) => {
  window.events = [];
  window.phone = createBrowserPhone({
    destination: () => Promise.resolve({ url, token: 'once' }),
    workletUrl: '/worklet.js',
    mouthpiece: how,
    parameters: { speak: how },
    recogniser: withRecogniser ? { SpeechRecognition: InjectedRecognition } : undefined,
    onEvent: (event) => window.events.push(event),
  });
  try {
    await window.phone.call();
    return 'connected';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};

/** A WAV of 500 Hz at half of full scale, 16 kHz. */
window.tone = (ms) => {
  const samples = Int16Array.from({ length: ms * 16 }, (_, index) =>
    Math.round(16_384 * Math.sin((2 * Math.PI * 500 * index) / 16_000)),
  );
  const wav = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (at: number, letters: string): void =>
    new TextEncoder().encode(letters).forEach((letter, index) => wav.setUint8(at + index, letter));
  text(0, 'RIFF');
  wav.setUint32(4, 36 + samples.length * 2, true);
  text(8, 'WAVEfmt ');
  wav.setUint32(16, 16, true);
  wav.setUint16(20, 1, true);
  wav.setUint16(22, 1, true);
  wav.setUint32(24, 16_000, true);
  wav.setUint32(28, 32_000, true);
  wav.setUint16(32, 2, true);
  wav.setUint16(34, 16, true);
  text(36, 'data');
  wav.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, index) => wav.setInt16(44 + index * 2, sample, true));
  return wav.buffer;
};

/** A page that calls without being asked to: nobody has touched it. */
const untouched = new URLSearchParams(location.search).get('call');
if (untouched !== null) void window.dial(untouched, 'none');
document.querySelector('button')?.addEventListener('click', () => window.phone.resume());
