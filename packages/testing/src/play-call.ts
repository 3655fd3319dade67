// A whole call in virtual time, from the first ring to the end of both sides.
import {
  acceptMedia,
  runCall,
  type CallProviders,
  type CallResult,
  type RunCallOptions,
} from '@voicewire/core';
import type { CallerScript } from './carrier/caller.js';
import {
  createSimulatedCaller,
  type SimulatedCaller,
  type SimulatedCallerOptions,
} from './carrier/simulated-caller.js';
import { createScriptedStt } from './scripted/scripted-stt.js';
import { createScriptedTts } from './scripted/scripted-tts.js';
import { createVirtualClock, type VirtualClock } from './virtual-clock.js';

/** Whatever `runCall` takes, and who calls. */
export interface PlayCallOptions extends Omit<
  RunCallOptions,
  'mode' | 'media' | 'control' | 'providers' | 'clock'
> {
  /** Default `agent`. */
  readonly mode?: RunCallOptions['mode'] | undefined;
  /** Scripted ones: what does real I/O is not waited for. Default: ears that hear the caller's words, a voice that says the agent's. */
  readonly providers?: Partial<CallProviders> | undefined;
  /** What the caller does; at its end the caller hangs up. */
  readonly script: CallerScript;
  /** How the carrier differs from one that buffers, marks what was played and clears. */
  readonly line?: Omit<SimulatedCallerOptions, 'script' | 'clock'> | undefined;
  /** Default: a new one. */
  readonly clock?: VirtualClock | undefined;
}

/** A call that is over. */
export interface PlayedCall {
  /** Why it ended, the history, and the call log. */
  readonly result: CallResult;
  /** What the caller heard, and what was asked of the carrier. */
  readonly caller: SimulatedCaller;
  readonly clock: VirtualClock;
}

/**
 * Plays a call to its end on the code that answers real ones, in virtual time. Rejects with what the caller's script threw,
 * with a ConfigError for a wrong combination, and with `testing.clock_stuck` when nothing more can happen and the call goes on.
 *
 * ```ts
 * const { result, caller } = await playCall({
 *   agent,
 *   providers: { llm: createScriptedLlm({ responses: ['It is on its way.'] }) },
 *   script: async (caller) => {
 *     await caller.agentFinishes();
 *     await caller.say('where is my order');
 *     await caller.agentFinishes();
 *   },
 * });
 * ```
 */
export async function playCall(options: PlayCallOptions): Promise<PlayedCall> {
  const { script, line, clock = createVirtualClock(), providers, ...callOptions } = options;
  const caller = createSimulatedCaller({ ...line, script, clock });
  const { capabilities, control, open } = caller;
  const media = await acceptMedia({ provider: 'simulated', capabilities, clock, open });
  const call = runCall({
    ...callOptions,
    mode: options.mode ?? 'agent',
    media,
    control,
    clock,
    providers: { stt: createScriptedStt(), tts: createScriptedTts(), ...providers },
  });
  let isOver = false;
  void call.done.then(() => (isOver = true));
  await clock.run({ until: () => isOver });
  await caller.done;
  return { result: await call.done, caller, clock };
}
