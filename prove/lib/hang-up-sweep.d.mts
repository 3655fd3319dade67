// What tests see of hang-up-sweep.mjs.

export interface SweptConnection {
  readonly path: string;
  readonly isOpen: boolean;
  /** Settles when it is over. */
  readonly closed: Promise<number>;
  /** How much came after its end was said, or after the call was over. */
  readonly late: number;
}

export interface SweptCall {
  readonly connections: readonly SweptConnection[];
  leave(): void;
  /** Why it ended. */
  readonly done: Promise<string>;
}

export interface Sweep {
  /** `onConnection` is told the path of each. */
  startCall(name: string, onConnection?: (path: string) => void): Promise<SweptCall>;
  close(): void;
}

export declare function openSweep(): Promise<Sweep>;
