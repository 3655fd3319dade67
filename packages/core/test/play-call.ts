// For tests: a whole call in virtual time, with the shipped call code and scripted everything else.
import {
  createScriptedLlm,
  createScriptedStt,
  createScriptedTts,
  createSimulatedCaller,
  createVirtualClock,
  type CallerScript,
  type ScriptedLlm,
  type ScriptedLlmOptions,
  type SimulatedCaller,
  type SimulatedCallerOptions,
  type VirtualClock,
} from '@voicewire/testing';
import { acceptMedia } from '../src/call/accept-media.js';
import type { CallEvent } from '../src/spec/call-event.js';
import type { Call, CallProviders, CallResult, RunCallOptions } from '../src/call/call.js';
import { runCall } from '../src/call/run-call.js';

export interface PlayOptions extends Partial<Omit<RunCallOptions, 'media' | 'providers'>> {
  readonly script: CallerScript;
  readonly answers?: ScriptedLlmOptions['responses'] | undefined;
  readonly providers?: Partial<CallProviders> | undefined;
  readonly line?: Omit<SimulatedCallerOptions, 'script' | 'clock'> | undefined;
  readonly onCall?: ((call: Call) => void) | undefined;
  readonly virtualClock?: VirtualClock | undefined;
}

export interface PlayedCall {
  readonly call: Call;
  readonly result: CallResult;
  readonly caller: SimulatedCaller;
  readonly llm: ScriptedLlm;
  readonly clock: VirtualClock;
  /** Every event, as it happened. */
  readonly events: readonly CallEvent[];
  of<Type extends CallEvent['type']>(type: Type): readonly Extract<CallEvent, { readonly type: Type }>[];
}

/** Runs until the call is over; throws what the caller's script threw. */
export async function playCall(options: PlayOptions): Promise<PlayedCall> {
  const clock = options.virtualClock ?? createVirtualClock();
  const caller = createSimulatedCaller({ script: options.script, clock, ...options.line });
  const llm = createScriptedLlm({ responses: options.answers ?? [] });
  const { capabilities, control, open } = caller;
  const media = await acceptMedia({ provider: 'simulated', capabilities, clock, open });
  const call = runCall({
    mode: 'agent',
    agent: { name: 'test', instructions: 'Answer.', turn: { silenceMs: 60_000 } },
    control,
    clock,
    ...options,
    media,
    providers: { stt: createScriptedStt(), tts: createScriptedTts(), llm, ...options.providers },
  });
  const events: CallEvent[] = [];
  const reading = readAll(call, events);
  options.onCall?.(call);
  let isOver = false;
  void call.done.then(() => {
    isOver = true;
  });
  await clock.run({ until: () => isOver, untilMs: 3_600_000 });
  const result = await call.done;
  await reading;
  await caller.done;
  return {
    call,
    result,
    caller,
    llm,
    clock,
    events,
    of: (type) =>
      events.filter((event): event is Extract<CallEvent, { type: typeof type }> => event.type === type),
  };
}

async function readAll(call: Call, events: CallEvent[]): Promise<void> {
  for await (const event of call.events({ fromSeq: 1 })) if (event.type !== 'events-lost') events.push(event);
}
