// The agent of a configuration as a scenario plays it: its work is waited for, and some of it is not done at all.
import type { Agent } from '@voicewire/core';
import type { OutsideWork } from './outside-work.js';
import type { Scenario } from './scenario.js';

/** The agent and all it may hand the caller to, each once. */
export function everyone(agent: Agent, met = new Set<Agent>()): ReadonlySet<Agent> {
  if (met.has(agent)) return met;
  met.add(agent);
  for (const next of agent.handoffs ?? []) everyone(next, met);
  return met;
}

/** A copy; `outside` is told of what its tools and retrievers do, in virtual time. */
export function agentUnderTest(agent: Agent, scenario: Scenario, outside: OutsideWork | undefined): Agent {
  const copies = new Map<Agent, Agent>();
  const copy = (original: Agent): Agent => {
    const known = copies.get(original);
    if (known !== undefined) return known;
    const made = { ...withScenario(original, scenario, outside) };
    // Known before it is whole: two agents may hand the caller to each other.
    copies.set(original, made);
    return Object.assign(made, { handoffs: original.handoffs?.map(copy) });
  };
  return { ...copy(agent), transfers: scenario.transfers ?? agent.transfers };
}

function withScenario(agent: Agent, { tools: results }: Scenario, outside: OutsideWork | undefined): Agent {
  const { retriever } = agent;
  const tools = agent.tools?.map((tool): typeof tool => ({
    ...tool,
    run(input, run) {
      if (Object.hasOwn(results, tool.name)) return results[tool.name];
      return outside === undefined ? tool.run(input, run) : outside.watch(() => tool.run(input, run));
    },
  }));
  if (outside === undefined) return { ...agent, tools };
  return {
    ...agent,
    tools,
    // Stand-ins have no voices to choose from.
    voice: undefined,
    retriever: retriever && {
      ...retriever,
      retrieve: (query, options) => outside.watch(() => retriever.retrieve(query, options)),
    },
  };
}
