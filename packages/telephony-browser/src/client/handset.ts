// Mouthpiece and earpiece: the audio graph around the worklet.
import { frameMs, headerBytes } from '../browser-wire.js';
import type { PlayOutReport } from '../worklet/play-out.js';
import { PhoneError } from './phone-error.js';

export interface HandsetOptions {
  /** Where the page serves the package's `worklet` file: same origin, so that a strict content policy allows it. */
  readonly workletUrl: string;
  readonly sampleRate: number;
  /** 20 ms of PCM16 with free header bytes. */
  readonly onFrame: (frame: ArrayBuffer) => void;
  readonly onReport: (report: PlayOutReport) => void;
  /** The browser holds audio back until the person touches the page. */
  readonly onBlocked: (isBlocked: boolean) => void;
}

/** How loud each side is now: 0 to 1. */
export interface Levels {
  readonly caller: number;
  readonly agent: number;
}

export interface Handset {
  play(audio: ArrayBuffer): void;
  mark(id: string, generation: number): void;
  clear(clears: number): void;
  /** Connects a microphone, which the handset stops when it closes. */
  listenTo(microphone: MediaStream): void;
  setMuted(isMuted: boolean): void;
  /** Speaks a recording into the mouthpiece in the microphone's place; resolves when it is over or was stopped. */
  speak(recording: ArrayBuffer): Promise<void>;
  stopSpeaking(): void;
  resume(): void;
  levels(): Levels;
  close(): void;
}

/** What is gathered before the agent's voice starts, against a network that stumbles. */
const jitterMs = 60;

/** Starts the browser's audio; best called from a click. Throws `PhoneError` `audio-unavailable`. */
export async function openHandset(options: HandsetOptions): Promise<Handset> {
  const context = new AudioContext({ latencyHint: 'interactive' });
  context.onstatechange = () => options.onBlocked(context.state !== 'running' && context.state !== 'closed');
  void context.resume();
  try {
    await context.audioWorklet.addModule(options.workletUrl);
  } catch (error) {
    void context.close();
    throw new PhoneError('audio-unavailable', error);
  }
  options.onBlocked(context.state !== 'running');
  const earpiece = openEarpiece(context, options);
  const mouthpiece = openMouthpiece(context, options);
  return {
    ...earpiece,
    ...mouthpiece,
    resume: () => void context.resume(),
    levels: () => ({ caller: mouthpiece.level(), agent: earpiece.level() }),
    close() {
      mouthpiece.close();
      context.onstatechange = null;
      void context.close();
    },
  };
}

function openEarpiece(context: AudioContext, options: HandsetOptions) {
  const player = createWorkletNode(context, 'voicewire-playback', options);
  const meter = createMeter(context, player);
  player.connect(context.destination);
  player.port.onmessage = ({ data }: MessageEvent<PlayOutReport>) => {
    // It changes when another loudspeaker is chosen; Safari only knows the base latency.
    const latencyMs = (context.outputLatency || context.baseLatency || 0) * 1000;
    player.port.postMessage({ type: 'latency', latencyMs });
    options.onReport(data);
  };
  return {
    level: meter,
    play: (audio: ArrayBuffer) => {
      const samples = new Int16Array(audio, 0, audio.byteLength >> 1);
      player.port.postMessage({ type: 'audio', samples }, [audio]);
    },
    mark: (id: string, generation: number) => player.port.postMessage({ type: 'mark', id, generation }),
    clear: (clears: number) => player.port.postMessage({ type: 'clear', clears }),
  };
}

function openMouthpiece(context: AudioContext, options: HandsetOptions) {
  const mixer = new GainNode(context);
  const microphoneGain = new GainNode(context);
  const capture = createWorkletNode(context, 'voicewire-capture', options);
  microphoneGain.connect(mixer).connect(capture).connect(context.destination);
  capture.port.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => options.onFrame(data);
  let microphone: MediaStream | undefined;
  let isMuted = false;
  let stopSpeaking: (() => void) | undefined;

  function settle(): void {
    microphoneGain.gain.value = isMuted || stopSpeaking !== undefined ? 0 : 1;
  }

  return {
    level: createMeter(context, mixer),
    listenTo(stream: MediaStream) {
      microphone = stream;
      context.createMediaStreamSource(stream).connect(microphoneGain);
    },
    setMuted(muted: boolean) {
      isMuted = muted;
      settle();
    },
    async speak(data: ArrayBuffer) {
      const buffer = await decode(context, data);
      stopSpeaking?.();
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(mixer);
      source.start();
      await new Promise<void>((resolve) => {
        stopSpeaking = () => {
          source.onended = null;
          source.stop();
          stopSpeaking = undefined;
          settle();
          resolve();
        };
        source.onended = stopSpeaking;
        settle();
      });
    },
    stopSpeaking: () => stopSpeaking?.(),
    close() {
      stopSpeaking?.();
      microphone?.getTracks().forEach((track) => track.stop());
    },
  };
}

function createWorkletNode(
  context: AudioContext,
  name: string,
  { sampleRate }: HandsetOptions,
): AudioWorkletNode {
  return new AudioWorkletNode(context, name, {
    channelCount: 1,
    channelCountMode: 'explicit',
    outputChannelCount: [1],
    processorOptions: { wireRate: sampleRate, frameMs, headerBytes, jitterMs },
  });
}

async function decode(context: AudioContext, data: ArrayBuffer): Promise<AudioBuffer> {
  try {
    return await context.decodeAudioData(data);
  } catch (error) {
    throw new PhoneError('recording-unreadable', error);
  }
}

/** Loudness as people hear it: −60 dB is 0, full scale is 1. */
function createMeter(context: AudioContext, node: AudioNode): () => number {
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  const samples = new Float32Array(analyser.fftSize);
  node.connect(analyser);
  return () => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    return Math.max(0, Math.min(1, 1 + (10 * Math.log10(power + 1e-9)) / 60));
  };
}
