// How long each stage may take. Core holds providers to these whatever their libraries do.

/** Milliseconds. Every wait on a provider ends inside one of these. */
export interface Budgets {
  readonly stt: {
    /** Open to `ready`, DNS and handshake included. */
    readonly connectMs: number;
    /** Without any event while the caller is known to speak. */
    readonly silenceMs: number;
    /** `end()` to the end of the stream. */
    readonly closeMs: number;
  };
  readonly tts: {
    readonly connectMs: number;
    /** First text that was flushed or ended, to the first audio. */
    readonly firstAudioMs: number;
    /** Between audio once the text is over, or as long as the carrier still has something to play. */
    readonly gapMs: number;
  };
  readonly llm: {
    readonly firstPartMs: number;
    readonly gapMs: number;
    readonly totalMs: number;
  };
}

export const defaultBudgets: Budgets = {
  stt: { connectMs: 4_000, silenceMs: 1_500, closeMs: 2_000 },
  tts: { connectMs: 3_000, firstAudioMs: 2_500, gapMs: 1_500 },
  llm: { firstPartMs: 5_000, gapMs: 3_000, totalMs: 60_000 },
};
