// The call of one run: a simulated caller who follows the script, on the shipped call code, until both sides are done.
import {
  acceptMedia,
  createHealth,
  llmChain,
  runCall,
  sttChain,
  ttsChain,
  type Call,
  type CallEvent,
  type CallProviders,
} from '@voicewire/core';
import { isVoiceError, systemClock, type AudioFormat, type Clock } from '@voicewire/core/adapter';
import type { Caller } from '../carrier/caller.js';
import { createSimulatedCaller, type SimulatedCaller } from '../carrier/simulated-caller.js';
import { createVirtualClock } from '../virtual-clock.js';
import type { AnswerWatch } from './answer-watch.js';
import { faultyLlm, faultyStt, faultyTts, type Faults } from './faulty-providers.js';
import { followScript } from './follow-script.js';
import { withWatchedParts } from './outside-work.js';
import { realLine, type Run } from './prepare-run.js';
import type { ScenarioFault, ScenarioStage } from './scenario.js';

const telephone: AudioFormat = { encoding: 'mulaw', sampleRate: 8_000, channels: 1 };

/** A run that is over. */
export interface PlayedRun {
  readonly caller: SimulatedCaller;
  readonly log: readonly CallEvent[];
  /** What the script or the clock had to say against it. */
  readonly problem: string | undefined;
  /** On a virtual clock: what was not cleared when the call was over. */
  readonly pendingTimers: number;
}

export async function playRun(run: Run): Promise<PlayedRun> {
  const { options, outside } = run;
  const virtual = run.isVirtual ? createVirtualClock() : undefined;
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted === true) onAbort();
  const { caller, call } = await startCall(run, virtual ?? systemClock, stop.signal);
  let isOver = false;
  void call.done.then(() => (isOver = true));
  const reading = readEvents(call, run.answers);
  let problem: string | undefined;
  try {
    if (virtual !== undefined) await outside?.run(virtual, () => isOver);
  } catch (error) {
    stop.abort();
    problem = describe(error);
  }
  const log = await reading;
  await call.done;
  options.signal?.removeEventListener('abort', onAbort);
  await caller.done.catch((error: unknown) => (problem ??= describe(error)));
  return { caller, log, problem, pendingTimers: virtual?.pendingTimers ?? 0 };
}

async function startCall(
  run: Run,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly caller: SimulatedCaller; readonly call: Call }> {
  const { scenario, options, agent } = run;
  const format = run.isVirtual ? telephone : realLine;
  let beganMs = clock.now();
  const caller = createSimulatedCaller({
    clock,
    inbound: format,
    outbound: format,
    // Tools are told it: what they did in one run, they may do in the next.
    callId: crypto.randomUUID(),
    capabilities: { transcripts: run.isTyped },
    maxCallMs: scenario.max_call_s * 1_000,
    script: (hands) => act(run, hands, () => clock.now() - beganMs),
  });
  const { capabilities, control, open } = caller;
  const media = await acceptMedia({ provider: 'scenario', capabilities, clock, open });
  beganMs = clock.now();
  const call = runCall({
    mode: 'agent',
    media,
    control,
    agent: {
      ...agent,
      turn: { ...agent.turn, ...options.turn },
      // A rehearsal has no prices to hold a limit on money by.
      limits: { ...agent.limits, money: undefined },
    },
    providers: chainsOf(run, clock),
    context: scenario.context,
    ladder: options.ladder,
    approve: () => scenario.approves,
    clock,
    signal,
  });
  return { caller, call };
}

/** Every event, also those of passing interest that the call's own record leaves out. */
async function readEvents(call: Call, answers: AnswerWatch): Promise<readonly CallEvent[]> {
  const log: CallEvent[] = [];
  for await (const event of call.events({ fromSeq: 1 })) {
    if (event.type === 'events-lost') continue;
    log.push(event);
    answers.read(event);
  }
  return log;
}

function describe(error: unknown): string {
  if (!isVoiceError(error)) throw error;
  return error.message;
}

/** The providers of one call, with health of their own: what one run finds dead, the next one does not know. */
function chainsOf(
  { scenario, options, chains, isTyped, random, outside, struck }: Run,
  clock: Clock,
): CallProviders {
  const { budgets = {} } = options;
  const health = createHealth({ clock, random });
  const onStrike = (fault: ScenarioFault): void => void struck.add(fault);
  const members = <Adapter extends { readonly provider: string }>(
    stage: ScenarioStage,
    chain: readonly Adapter[],
    faulty: (adapter: Adapter, faults: Faults) => Adapter,
  ): readonly Adapter[] =>
    chain.map((member, index) => {
      // Of several with the same name the first is meant.
      const isNamed = (name: string): boolean =>
        chain.findIndex(({ provider }) => provider === name) === index;
      const faults = (scenario.faults[stage] ?? []).filter(({ provider = chain[0]?.provider ?? '' }) =>
        isNamed(provider),
      );
      return faults.length === 0 ? member : faulty(member, { faults, onStrike });
    });
  const llm = chains.llm.map((model) => (outside === undefined ? model : withWatchedParts(model, outside)));
  return {
    stt: isTyped
      ? 'media'
      : sttChain(members('stt', chains.stt, faultyStt), { budgets: budgets.stt, health }),
    llm: llmChain(members('llm', llm, faultyLlm), { budgets: budgets.llm, health }),
    tts: ttsChain(members('tts', chains.tts, faultyTts), { budgets: budgets.tts, health }),
  };
}

function act(run: Run, caller: Caller, now: () => number): Promise<void> {
  const { scenario, tempo, isTyped, recordings, answers, steps } = run;
  return followScript({
    script: scenario.script,
    caller,
    answers,
    now,
    say: async (text) => {
      if (isTyped) caller.type(text);
      else await caller.say(text, { msPerChar: tempo.msPerChar });
    },
    play: (file) => caller.play(recordings.get(file) ?? new Uint8Array(0)),
    reactionMs: tempo.reactionMs,
    onStep: (step) => void steps.push(step),
  });
}
