// The agent and the model that tests of scenarios are about.
import { defineTool, type Agent } from '@voicewire/core';
import * as z from 'zod';
import type { RunScenarioOptions } from './prepare-run.js';
import { runScenario, type ScenarioVerdict } from './run-scenario.js';
import { parseScenario } from './scenario.js';

/** Numbers that were looked up. */
export const orders: string[] = [];

export const findOrder = defineTool({
  name: 'find_order',
  description: 'Where an order is',
  risk: 'read',
  input: z.object({ number: z.string(), urgent: z.boolean().optional() }),
  run: ({ number }) => {
    orders.push(number);
    return { found: true };
  },
});
const refund = defineTool({
  name: 'refund',
  description: 'Pays it back',
  risk: 'money',
  input: z.object({}),
  run: () => ({ paid: true }),
});

export const shop: Agent = {
  name: 'shop',
  instructions: 'Be brief.',
  greeting: 'Good day.',
  tools: [findOrder, refund],
};

export const model = [
  { hears: 'order', calls_tool: { name: 'find_order', arguments: { number: '4711', urgent: true } } },
  { result_of: 'find_order', says: 'It is on its way to you now and will be there on Thursday.' },
  { hears: 'bye', says: 'Goodbye then.', calls_tool: 'end_call' },
  { hears: 'money', calls_tool: 'refund' },
  { result_of: 'refund', says: 'I did what I can.' },
  { hears: '/wait|stop/', says: 'All right.' },
];

export const options: RunScenarioOptions = { agent: shop, providers: { stt: [] } };

export function play(written: object, more: Partial<RunScenarioOptions> = {}): Promise<ScenarioVerdict> {
  return runScenario(parseScenario({ model, ...written }), { ...options, ...more });
}

/** What was broken, as `path: found`. */
export function brokenIn({ findings }: ScenarioVerdict): readonly string[] {
  return findings.filter(({ status }) => status === 'broken').map(({ path, found }) => `${path}: ${found}`);
}

export const asking = { say: 'where is my order' };
