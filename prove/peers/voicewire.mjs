// Our side: chains with their defaults, as an application makes them.
import { sttChain, ttsChain } from '@voicewire/core';
import { createDeepgramStt } from '@voicewire/stt-deepgram';
import { fakeApiKey as apiKey } from '@voicewire/testing';
import { createElevenLabsTts } from '@voicewire/tts-elevenlabs';
import { earFormat, voiceFormat } from './sound.mjs';

/** `done` says how it ended: `whole`, or `error`. */
export const voicewire = { listen, speak };

function listen({ urls, isSpeech, onWords, onFailed }) {
  const leaving = new AbortController();
  const chain = sttChain(urls.map((baseUrl) => createDeepgramStt({ apiKey, baseUrl })));
  const onAttempt = reporting(onFailed);
  const stream = chain.open({ format: earFormat, isSpeech, onAttempt, signal: leaving.signal });
  const read = async () => {
    for await (const event of stream) {
      if (event.type === 'partial' || event.type === 'final') onWords(event.text, event.type === 'final');
    }
  };
  return {
    write: (frame) => stream.write(frame),
    flush: () => stream.flush(),
    end: () => stream.end(),
    done: endOf(read()),
    close: () => leaving.abort(),
  };
}

function speak({ urls, text, bufferedMs, onAudio, onFailed }) {
  const leaving = new AbortController();
  const { signal } = leaving;
  const chain = ttsChain(urls.map((baseUrl) => createElevenLabsTts({ apiKey, baseUrl })));
  const session = chain.connect({ format: voiceFormat, signal, onAttempt: reporting(onFailed) });
  session.ready.catch(() => undefined);
  const utterance = session.speak({ bufferedMs, signal });
  utterance.write(text);
  utterance.end();
  const read = async () => {
    for await (const event of utterance) if (event.type === 'audio') onAudio(event.audio);
  };
  return { done: endOf(read()), close: () => leaving.abort() };
}

function reporting(onFailed) {
  return (report) => {
    if (report.type === 'failed') onFailed();
  };
}

function endOf(reading) {
  return reading.then(
    () => 'whole',
    () => 'error',
  );
}
