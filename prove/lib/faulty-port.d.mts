// What tests see of faulty-port.mjs.

export declare function createRandom(seed: number): () => number;
