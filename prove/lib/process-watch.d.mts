// What tests see of process-watch.mjs.

export declare function watchProcess(tell: (what: string) => void): { stop(): void };
