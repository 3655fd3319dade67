// What tests see of poison.mjs.
import type { Agent, Call } from '@voicewire/core';

export declare function poisonAgent(healthy: Agent, random: () => number): Agent;
export declare function poisonCall(call: Call): void;
export declare function holdLoop(call: Call, onNamed: (name: string) => void): void;
