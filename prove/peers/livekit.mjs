// The peer's side: its FallbackAdapters over its own plugins, with the defaults of both; only addresses and keys are given.
// For recognisers a plain plugin too: see plain-ear.mjs.
import { fakeApiKey as apiKey } from '@voicewire/testing';
import { plainEarOf } from './plain-ear.mjs';
import { earFormat } from './sound.mjs';

/** `done` says how it ended: `whole`, or `error`. */
export function livekit({ agents, deepgram, elevenlabs, rtc }) {
  agents.initializeLogger({ pretty: false, level: 'silent' });
  const PlainEar = plainEarOf(agents);
  const ownEar = (url) => new deepgram.STT({ apiKey, baseUrl: url.replace(/^http/, 'ws') });
  return {
    own: {
      listen: (options) => listen({ agents, rtc }, ownEar, options),
      speak: (options) => speak({ agents, elevenlabs }, options),
    },
    plain: { listen: (options) => listen({ agents, rtc }, (url) => new PlainEar(url), options) },
  };
}

function listen({ agents, rtc }, createEar, { urls, onWords, onFailed }) {
  const sttInstances = urls.map(createEar);
  const adapter = new agents.stt.FallbackAdapter({ sttInstances });
  const errors = watch(adapter, 'stt', onFailed);
  const stream = adapter.stream();
  const { FINAL_TRANSCRIPT, INTERIM_TRANSCRIPT } = agents.stt.SpeechEventType;
  const read = async () => {
    for await (const { type, alternatives } of stream) {
      if (type !== FINAL_TRANSCRIPT && type !== INTERIM_TRANSCRIPT) continue;
      onWords(alternatives[0].text, type === FINAL_TRANSCRIPT);
    }
  };
  return {
    write(frame) {
      // Its own buffer: the plugin sends whatever lies under the samples.
      const samples = new Int16Array(frame.length / 2);
      Buffer.from(samples.buffer).set(frame);
      // A stream that has given up takes no more.
      if (errors.length === 0)
        stream.pushFrame(new rtc.AudioFrame(samples, earFormat.sampleRate, 1, samples.length));
    },
    flush: () => errors.length === 0 && stream.flush(),
    end: () => errors.length === 0 && stream.endInput(),
    done: endOf(read(), errors),
    async close() {
      stream.close();
      await adapter.close();
      for (const instance of sttInstances) await instance.close();
    },
  };
}

function speak({ agents, elevenlabs }, { urls, text, onAudio, onFailed }) {
  const ttsInstances = urls.map((url) => new elevenlabs.TTS({ apiKey, baseURL: `${url}/v1` }));
  const adapter = new agents.tts.FallbackAdapter({ ttsInstances });
  const errors = watch(adapter, 'tts', onFailed);
  const stream = adapter.stream();
  stream.pushText(text);
  stream.flush();
  stream.endInput();
  const read = async () => {
    for await (const spoken of stream) {
      if (spoken === agents.tts.SynthesizeStream.END_OF_STREAM) continue;
      const { buffer, byteOffset, byteLength } = spoken.frame.data;
      onAudio(new Uint8Array(buffer, byteOffset, byteLength));
    }
  };
  return {
    done: endOf(read(), errors),
    async close() {
      stream.close();
      await adapter.close();
    },
  };
}

/** The adapter's own errors: those of its members, which it may pass on, were handled. Without a listener they would throw. */
function watch(adapter, stage, onFailed) {
  const errors = [];
  adapter.on('error', (error) => error.label === adapter.label && errors.push(error));
  adapter.on(`${stage}_availability_changed`, ({ available }) => {
    if (!available) onFailed();
  });
  return errors;
}

function endOf(reading, errors) {
  return reading.then(
    () => (errors.length === 0 ? 'whole' : 'error'),
    () => 'error',
  );
}
