// Runs in the browser's audio thread: the microphone's frames go out, the agent's audio comes in. Built as one file that a page can serve.
import { createFramer } from './framer.js';
import { createPlayOut } from './play-out.js';

/** Of the scope audio worklets run in, what is used here. */
declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: {
    onmessage: ((event: { readonly data: unknown }) => void) | null;
    postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  };
}
declare function registerProcessor(
  name: string,
  processor: new (options: { readonly processorOptions: Settings }) => AudioWorkletProcessor,
): void;

interface Settings {
  readonly wireRate: number;
  readonly frameMs: number;
  readonly headerBytes: number;
  readonly jitterMs: number;
}

type PlaybackCommand =
  | { readonly type: 'audio'; readonly samples: Int16Array }
  | { readonly type: 'mark'; readonly id: string; readonly generation: number }
  | { readonly type: 'clear'; readonly clears: number }
  | { readonly type: 'latency'; readonly latencyMs: number };

/** Posts an ArrayBuffer per 20 ms. Its own output stays silent: it is connected only so that it runs. */
class CaptureProcessor extends AudioWorkletProcessor {
  readonly #take;

  constructor({ processorOptions }: { readonly processorOptions: Settings }) {
    super();
    const onFrame = (frame: ArrayBuffer): void => this.port.postMessage(frame, [frame]);
    this.#take = createFramer({ ...processorOptions, contextRate: sampleRate, onFrame });
  }

  process(
    inputs: readonly (readonly Float32Array[])[],
    outputs: readonly (readonly Float32Array[])[],
  ): boolean {
    this.#take(inputs[0]?.[0], outputs[0]?.[0]?.length ?? 128);
    return true;
  }
}

/** Obeys PlaybackCommands and posts PlayOutReports. */
class PlaybackProcessor extends AudioWorkletProcessor {
  readonly #playOut;

  constructor({ processorOptions }: { readonly processorOptions: Settings }) {
    super();
    this.#playOut = createPlayOut({
      ...processorOptions,
      contextRate: sampleRate,
      onReport: (report) => this.port.postMessage(report),
    });
    this.port.onmessage = ({ data }) => this.#obey(data as PlaybackCommand);
  }

  #obey(command: PlaybackCommand): void {
    if (command.type === 'audio') this.#playOut.enqueue(command.samples);
    else if (command.type === 'mark') this.#playOut.mark(command.id, command.generation);
    else if (command.type === 'clear') this.#playOut.clear(command.clears);
    else this.#playOut.setLatency(command.latencyMs);
  }

  process(_inputs: unknown, outputs: readonly (readonly Float32Array[])[]): boolean {
    const [first, ...others] = outputs[0] ?? [];
    if (first === undefined) return true;
    this.#playOut.fill(first);
    for (const channel of others) channel.set(first);
    return true;
  }
}

registerProcessor('voicewire-capture', CaptureProcessor);
registerProcessor('voicewire-playback', PlaybackProcessor);
