// What tests see of chaos-run.mjs.

/** One row of the table, as far as tests look at it. */
export interface ChaosRow {
  readonly id: string;
  readonly calls: number;
  readonly broken: readonly { readonly word: number; readonly problem: string }[];
}

export interface ChaosCase {
  readonly id: string;
}

export declare const allWords: readonly number[];
export declare function listAll(): readonly ChaosCase[];
export declare function runCase(kase: ChaosCase, words?: readonly number[]): Promise<ChaosRow>;
