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
    /** How much of a gap the caller may hear, after everything the carrier had has played, where another voice could go on. */
    readonly underrunMs: number;
    /** The last voice that can be asked may take so many times `firstAudioMs`: late is better than never. */
    readonly patience: number;
  };
  readonly llm: {
    readonly firstPartMs: number;
    readonly gapMs: number;
    readonly totalMs: number;
    /** The last model that can be asked may take so many times `firstPartMs` and `gapMs`. */
    readonly patience: number;
  };
}

/** Turn-taking included, they leave a caller with at most 2.5 s of silence where the next member answers within 0.3 s. */
export const defaultBudgets: Budgets = {
  stt: { connectMs: 4_000, silenceMs: 1_500, closeMs: 2_000 },
  tts: { connectMs: 3_000, firstAudioMs: 1_500, gapMs: 1_500, underrunMs: 300, patience: 2 },
  llm: { firstPartMs: 1_400, gapMs: 1_400, totalMs: 60_000, patience: 4 },
};

/** What a chain tells whoever holds its members to their time. */
export interface Urgency {
  /** Nobody else can be asked. Default: somebody can. */
  readonly isLastResort?: boolean | undefined;
}
