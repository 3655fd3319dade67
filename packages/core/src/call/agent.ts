// An agent: data plus functions. What it says, knows, may do, and where its limits are.
import { ConfigError, type ConfigProblem } from '../errors/config-error.js';
import type { Ladder } from '../resilience/ladder.js';
import type { CallEvent } from '../spec/call-event.js';
import type { TtsAdapter } from '../spec/tts.js';
import type { TurnPolicy } from '../turn/turn-policy.js';
import { fillSlotTool, type Slot } from './slots.js';
import { describeTool, type Tool } from './tool.js';
import { voiceProblems, type VoiceChoice } from './voice-choice.js';

/** What the application knows about this call; tools and instructions see it, a model only what they put into text. */
export type CallContext = Readonly<Record<string, unknown>>;

/** Looks something up for the model before it answers. What it returns is data, never instructions. */
export interface Retriever {
  retrieve(query: string, options: { readonly signal: AbortSignal }): Promise<readonly RetrievedPassage[]>;
  /** How long an answer may wait for it. Default 400 ms; later results are dropped. */
  readonly deadlineMs?: number | undefined;
}

export interface RetrievedPassage {
  readonly text: string;
  readonly source?: string | undefined;
}

/** Lines the agent can always say, without a model. Rendered before they are needed. */
export interface AgentLines {
  /** Something of ours failed; the call ends. */
  readonly apology: string;
  /** A tool takes long. */
  readonly filler: string;
  /** The caller says nothing; one line per time asked, the last repeats. */
  readonly silence: readonly string[];
  readonly goodbye: string;
  /** The caller's turn has lasted too long (`TurnPolicy.utteranceLimitMs`): said before what they said so far is answered. */
  readonly interjection: string;
  /** The line was lost and is back. */
  readonly resumed: string;
  /** The model waits for keys and has not said so. */
  readonly keypad: string;
  /** The model refused, was cut by a filter or said nothing. */
  readonly refused: string;
  /** No model or no voice could be had; the caller is asked again (`Ladder.retries`). */
  readonly trouble: string;
  /** Nobody recognises speech at the moment. */
  readonly hearing: string;
  /** Before the caller is connected to a person or to voicemail because too much failed. */
  readonly connecting: string;
}

export interface AgentLimits {
  /** Model requests per reply, tools between them. Default 6. */
  readonly steps: number;
  /** Tokens of one model response. Default 500. */
  readonly responseTokens: number;
  /** Seconds of speech in one reply. Default 90. */
  readonly spokenSeconds: number;
  /** Minutes of one call. Default 60. */
  readonly callMinutes: number;
  /**
   * What one call may cost, in the currency of `prices`: then it ends, as it does for its length. Default: none, or what
   * `spending.perCall` says. The limit of the agent that answers the call holds for all it hands over to.
   */
  readonly money?: number | undefined;
  /** Characters of history given to a model; older turns are left out. Default 24,000. */
  readonly historyCharacters: number;
}

export interface Agent {
  readonly name: string;
  /** What the model is told it is, or a function of the call's context. */
  readonly instructions: string | ((context: CallContext) => string);
  readonly greeting?: string | undefined;
  /**
   * A voice of the first provider of the chain, or one for each by the provider's name. Whoever is not named speaks with the
   * voice of its own settings; who is no member of the chain is a ConfigError.
   */
  readonly voice?: VoiceChoice | undefined;
  /** BCP 47. */
  readonly language?: string | undefined;
  /** Words the recogniser should expect. */
  readonly keyterms?: readonly string[] | undefined;
  readonly tools?: readonly Tool[] | undefined;
  readonly slots?: Readonly<Record<string, Slot>> | undefined;
  readonly retriever?: Retriever | undefined;
  /** Agents this one may hand the caller to, by name. */
  readonly handoffs?: readonly Agent[] | undefined;
  /** Where `transfer_call` leads: names the model may use, numbers it never sees. */
  readonly transfers?:
    Readonly<Record<string, { readonly to: string; readonly description: string }>> | undefined;
  /** The model may end the call. Default true. */
  readonly canEndCall?: boolean | undefined;
  readonly lines?: Partial<AgentLines> | undefined;
  readonly limits?: Partial<AgentLimits> | undefined;
  readonly turn?: Partial<TurnPolicy> | undefined;
  readonly temperature?: number | undefined;
}

/** What an agent says where its own `lines` do not say otherwise. */
export const defaultLines: AgentLines = {
  apology: 'I am sorry, something went wrong on our side. Please call again in a moment. Goodbye.',
  filler: 'One moment, please.',
  silence: ['Are you still there?', 'I can not hear you. Is there anything I can do for you?'],
  goodbye: 'Thank you for calling. Goodbye.',
  interjection: 'Sorry to interrupt you.',
  resumed: 'Sorry, we were cut off for a moment. Please go on.',
  keypad: 'Please type it on your keypad.',
  refused: 'I am sorry, I can not help with that. Is there anything else?',
  trouble: 'I am sorry, I had a technical problem just now. Could you say that again, please?',
  hearing: 'I am sorry, I can not hear you well at the moment. Please bear with me, and say that again.',
  connecting: 'I am sorry, I have technical problems. One moment, I am connecting you.',
};

export const defaultLimits: AgentLimits = {
  steps: 6,
  responseTokens: 500,
  spokenSeconds: 90,
  callMinutes: 60,
  historyCharacters: 24_000,
};

const toolName = /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/;
const reservedNames: ReadonlySet<string> = new Set(['transfer_call', 'end_call', 'fill_slot', 'hand_over']);

/**
 * All that an agent may have to say word for word, with what a caller needs most at the beginning. `ladder`: of the call.
 */
export function fixedPhrases(agent: Agent, ladder: Ladder = {}): readonly string[] {
  const lines = { ...defaultLines, ...agent.lines };
  const isConnected = ladder.person !== undefined || ladder.voicemail !== undefined;
  const phrases = [
    agent.greeting,
    lines.apology,
    lines.trouble,
    lines.hearing,
    ladder.menu?.prompt,
    isConnected ? lines.connecting : undefined,
    lines.goodbye,
    ...lines.silence,
    lines.filler,
    lines.interjection,
    ...(agent.tools ?? []).map(({ filler }) => (filler === false ? undefined : filler)),
    lines.refused,
    lines.resumed,
    Object.values(agent.slots ?? {}).some(({ keypad }) => keypad !== undefined) ? lines.keypad : undefined,
  ];
  return [...new Set(phrases.filter((phrase) => phrase !== undefined && phrase !== ''))] as readonly string[];
}

/** An agent and everybody it may hand the caller to, each once, with their paths. */
export function everyone(
  agent: Agent,
  path = 'agent',
  met = new Map<Agent, string>(),
): ReadonlyMap<Agent, string> {
  if (met.has(agent)) return met;
  met.set(agent, path);
  for (const [index, next] of (agent.handoffs ?? []).entries())
    everyone(next, `${path}.handoffs[${index}]`, met);
  return met;
}

/** With whom the caller was when the line was lost: one of those reachable from `first`. */
export function agentAfter(first: Agent, log: readonly CallEvent[]): Agent {
  const handoff = log.findLast((event) => event.type === 'handoff');
  return [...everyone(first).keys()].find(({ name }) => name === handoff?.to) ?? first;
}

/**
 * All that is wrong with an agent and those it hands over to, found before the first call. `hasApproval`: the application
 * decides about risky tools. `tts`: who speaks, where that is known.
 */
export function agentProblems(
  agent: Agent,
  hasApproval: boolean,
  tts: readonly TtsAdapter[] = [],
): readonly ConfigProblem[] {
  return [...everyone(agent)].flatMap(([one, path]) => [
    ...(one.tools ?? []).flatMap((tool, index) =>
      toolProblems(tool, one.tools?.slice(0, index) ?? [], `${path}.tools[${index}]`, hasApproval),
    ),
    ...problemsOf(() => fillSlotTool(one.slots ?? {})),
    ...(tts.length === 0 ? [] : voiceProblems(one.voice, tts, `${path}.voice`)),
  ]);
}

function toolProblems(
  tool: Tool,
  before: readonly Tool[],
  path: string,
  hasApproval: boolean,
): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [...problemsOf(() => describeTool(tool))];
  const isTaken = reservedNames.has(tool.name) || before.some(({ name }) => name === tool.name);
  if (!toolName.test(tool.name) || isTaken) {
    problems.push({
      code: 'config.tool_name',
      path: `${path}.name`,
      message:
        'a tool needs a name of its own: letters, digits, "_" and "-", at most 64, not one of the built-in tools',
      found: JSON.stringify(tool.name),
      allowed: `${String(toolName)}, not ${[...reservedNames].join(', ')}`,
    });
  }
  if ((tool.risk === 'money' || tool.risk === 'irreversible') && !hasApproval) {
    problems.push({
      code: 'config.tool_approval',
      path: `${path}.risk`,
      message: `"${tool.name}" is "${tool.risk}", so somebody must decide whether it may run: pass "approve" to the call`,
    });
  }
  return problems;
}

/** What a description that can't be made says is wrong. */
function problemsOf(describe: () => unknown): readonly ConfigProblem[] {
  try {
    describe();
    return [];
  } catch (error) {
    if (ConfigError.is(error)) return error.problems;
    throw error;
  }
}

/** Throws one ConfigError with every problem. */
export function checkAgent(agent: Agent, hasApproval: boolean, tts?: readonly TtsAdapter[]): void {
  const problems = agentProblems(agent, hasApproval, tts);
  if (problems.length > 0) throw new ConfigError(problems);
}
