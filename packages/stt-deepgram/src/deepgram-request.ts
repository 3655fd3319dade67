// Our requests as Deepgram's parameters, its refusals as our classes.
import type { PeerVerdict, SttRequest, VerdictReading } from '@voicewire/core/adapter';
import { type DeepgramSettings, isFlux } from './deepgram-options.js';

export const owner = { provider: 'deepgram', stage: 'stt' } as const;

type Asked = Pick<SttRequest, 'format' | 'language' | 'keyterms' | 'diarize'>;

const encodings = { pcm_s16le: 'linear16', mulaw: 'mulaw', alaw: 'alaw' } as const;

/** https://developers.deepgram.com/reference/speech-to-text/listen-streaming, and `/listen-flux` */
export function listenUrl(settings: DeepgramSettings, asked: Asked): URL {
  const url = new URL(settings.baseUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${isFlux(settings) ? 'v2' : 'v1'}/listen`;
  const parameters = {
    ...(isFlux(settings) ? {} : { endpointing: 300, utterance_end_ms: 1000 }),
    ...modelParameters(settings, asked),
    ...(isFlux(settings) ? {} : { interim_results: true, vad_events: true }),
    encoding: encodings[asked.format.encoding],
    sample_rate: asked.format.sampleRate,
  };
  for (const [name, values] of Object.entries(parameters)) {
    for (const value of [values ?? []].flat()) url.searchParams.append(name, String(value));
  }
  return url;
}

/** What holds for recordings too. What is undefined is left out, a list is repeated. */
export function modelParameters(settings: DeepgramSettings, asked: Asked) {
  const { model } = settings;
  const language = asked.language ?? settings.language;
  return {
    model,
    punctuate: isFlux(settings) ? undefined : true,
    // Flux knows its language by its model; only the multilingual one takes a hint.
    language: isFlux(settings) ? undefined : language,
    language_hint: isFlux(settings) && model.includes('multi') ? language : undefined,
    // Older models boost `keywords`; newer ones refuse the word.
    [/^(flux|nova-3)/.test(model) ? 'keyterm' : 'keywords']: asked.keyterms,
    diarize_model: asked.diarize ? 'latest' : undefined,
    ...settings.parameters,
  };
}

/** Refusals name themselves in JSON, closes in their reason: `NET-0001`, or a link that ends in `net0001`. */
export function readVerdict(verdict: PeerVerdict): VerdictReading {
  if (verdict.kind === 'refused') return { detail: errorCodeOf(verdict.body) };
  const detail = /\b(net|data)-?\d{4}\b/i.exec(verdict.reason)?.[0] ?? '';
  // Nothing came from us for ten seconds; what came is not the audio we announced.
  if (/^net-?0001/i.test(detail)) return { class: 'idle', detail };
  return /^data/i.test(detail) ? { class: 'invalid_request', detail } : { detail: detail || undefined };
}

/** `err_code` of an error body, as `INVALID_AUTH`; its prose is not passed on. */
export function errorCodeOf(body: string): string | undefined {
  return /"err_code"\s*:\s*"([A-Za-z_]{1,60})"/.exec(body)?.[1];
}
