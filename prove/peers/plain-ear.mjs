// The peer's recogniser as plain as it can be written on its base class: whatever goes wrong is reported at once, and nothing it
// was given and has not sent is lost. So its FallbackAdapter shows what it can do, whatever its own plugin notices.
import { fakeApiKey as apiKey } from '@voicewire/testing';
import { WebSocket } from 'ws';
import { earFormat } from './sound.mjs';

const { sampleRate } = earFormat;
const query = new URLSearchParams({
  model: 'nova-3',
  encoding: 'linear16',
  sample_rate: String(sampleRate),
  interim_results: 'true',
});

/** A class, made of the peer's own. */
export function plainEarOf(agents) {
  const { STT, SpeechStream } = agents.stt;

  class PlainStream extends SpeechStream {
    label = 'plain.SpeechStream';
    #url;
    #timeoutMs;
    /** A frame that was asked for and has not been sent. */
    #next;

    constructor(owner, url, connOptions) {
      super(owner, sampleRate, connOptions);
      this.#url = url;
      this.#timeoutMs = connOptions?.timeoutMs;
    }

    /** One attempt; the base class calls it again as often as its options say. */
    async run() {
      const socket = await connect(agents, this.#url, this.#timeoutMs);
      this.abortSignal.addEventListener('abort', () => socket.terminate(), { once: true });
      const closed = closeOf(agents, socket);
      closed.catch(() => undefined);
      socket.on('message', (message) => {
        const event = toEvent(agents, JSON.parse(message), this.startTimeOffset);
        if (event !== undefined && !this.queue.closed) this.queue.put(event);
      });
      for (;;) {
        this.#next ??= this.input.next();
        const { done, value } = await Promise.race([this.#next, closed]);
        this.#next = undefined;
        if (done) break;
        // The symbol is the wish to settle.
        socket.send(typeof value === 'symbol' ? '{"type":"Finalize"}' : value.data);
      }
      socket.send('{"type":"CloseStream"}');
      await closed.catch(() => undefined);
    }
  }

  return class PlainEar extends STT {
    label = 'plain.STT';
    #url;

    constructor(url) {
      super({ streaming: true, interimResults: true, alignedTranscript: 'word' });
      this.#url = `${url.replace(/^http/, 'ws')}/v1/listen?${query}`;
    }

    stream({ connOptions } = {}) {
      return new PlainStream(this, this.#url, connOptions);
    }
  };
}

function connect({ APIConnectionError, APIStatusError }, url, handshakeTimeout) {
  const socket = new WebSocket(url, { headers: { authorization: `Token ${apiKey}` }, handshakeTimeout });
  return new Promise((resolve, reject) => {
    socket.on('error', () => reject(new APIConnectionError({ message: 'could not connect' })));
    socket.once('unexpected-response', (_, { statusCode }) => {
      reject(new APIStatusError({ message: 'refused', options: { statusCode } }));
      socket.terminate();
    });
    socket.once('open', () => resolve(socket));
  });
}

function closeOf({ APIConnectionError }, socket) {
  return new Promise((_, reject) => {
    socket.once('close', (code) => reject(new APIConnectionError({ message: `closed with ${code}` })));
  });
}

function toEvent({ stt: { SpeechEventType } }, message, offset) {
  const [said] = message.type === 'Results' ? message.channel.alternatives : [];
  if (!said?.transcript) return undefined;
  return {
    type: message.is_final ? SpeechEventType.FINAL_TRANSCRIPT : SpeechEventType.INTERIM_TRANSCRIPT,
    alternatives: [
      {
        language: 'en',
        text: said.transcript,
        startTime: message.start + offset,
        endTime: message.start + message.duration + offset,
        confidence: said.confidence,
      },
    ],
  };
}
