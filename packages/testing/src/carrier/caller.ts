// What a simulated caller can do, as a test's script sees it.

/** Where speech goes, on lines with more than one track. */
export interface OnTrack {
  /** Default: the line's first track. */
  readonly track?: string | undefined;
}

/**
 * The hands of a caller's script. Everything takes the time it takes on the clock of the call; a script is an `async`
 * function that awaits these one after the other, or lets them run side by side. Waiting for something when the call ends
 * ends the script, and that is no failure of it.
 */
export interface Caller {
  /** Ms since the line was opened. */
  now(): number;
  /** Says words, as sound that `createWordReader` can read back; resolves when the last sample was said. */
  say(text: string, options?: OnTrack & { readonly msPerChar?: number | undefined }): Promise<void>;
  /** Says raw audio in the line's inbound format. */
  play(audio: Uint8Array, options?: OnTrack): Promise<void>;
  /** Says nothing for so long. */
  wait(ms: number): Promise<void>;
  /** Keys, one message each; resolves when the last was pressed. `gapMs` between them, default 200. */
  press(digits: string, options?: { readonly gapMs?: number | undefined }): Promise<void>;
  /** Resolves when the agent has been heard speaking for `forMs` without a gap: what a barge-in waits for. Default 0. */
  agentSpeaks(forMs?: number): Promise<void>;
  /**
   * Resolves when the agent has spoken since the script last spoke or waited for it, and then been silent for `quietMs`.
   * Default 600.
   */
  agentFinishes(quietMs?: number): Promise<void>;
  /** Any condition; asked at every frame. */
  until(condition: () => boolean): Promise<void>;
  /** The carrier sends text it recognised itself, a whole turn, on lines that declare `transcripts`. */
  type(text: string, options?: OnTrack): void;
  /** The caller hangs up. */
  hangup(): void;
  /** The media connection breaks without a word. */
  lose(): void;
}

/** What a caller does in one call. At its end the caller hangs up. */
export type CallerScript = (caller: Caller) => Promise<void>;
