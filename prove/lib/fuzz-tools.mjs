// Surface 6: arguments a model sends with a tool call, in whole calls in virtual time: nothing runs on what is cut, odd or not approved.
import { isDeepStrictEqual } from 'node:util';
import { defineTool } from '@voicewire/core';
import { createScriptedLlm, playCall } from '@voicewire/testing';
import { z } from 'zod';
import { damageJson } from './fuzz-mutate.mjs';

const callsAtOnce = 6;
const input = z.strictObject({
  amount: z.number().positive().max(1_000_000),
  to: z.string().min(1),
  lines: z.array(z.object({ sku: z.string(), count: z.int() })).max(5),
  note: z.string().optional(),
});
const right = JSON.stringify({ amount: 1000.5, to: 'é☕', lines: [{ sku: 'a', count: 2 }], note: 'x' });
const risks = ['write', 'money', 'irreversible'];

export const toolSurface = {
  name: 'tools',
  async open() {
    return { session: playOdd, close: () => [] };
  },
};

/** One call in which the model asks for a refund with these arguments, all at once. */
async function playOdd(chance, notes) {
  const risk = chance.pick(risks);
  const isApproved = chance.is(0.8);
  const runs = [];
  const refund = defineTool({
    name: 'refund',
    description: 'Pays back.',
    risk,
    input,
    run: (given, { idempotencyKey }) => void runs.push({ given, idempotencyKey }),
  });
  const asked = Array.from({ length: callsAtOnce }, (_, index) => ({
    id: `call-${index}`,
    name: 'refund',
    argumentsText: oddArguments(chance),
  }));
  const llm = createScriptedLlm({
    responses: (_, index) => (index === 0 ? { parts: [{ type: 'tool-calls', calls: asked }] } : 'done'),
  });
  const { result } = await playCall({
    agent: { name: 'shop', instructions: 'Answer.', tools: [refund] },
    approve: () => isApproved,
    providers: { llm },
    script: async (caller) => {
      await caller.say('my money back');
      await caller.agentFinishes();
    },
  });
  notes.outcome(`ended: ${result.reason}`);
  checkRuns({ asked, runs, llm, mayRun: risk === 'write' || isApproved, notes });
  return asked.length;
}

/** Cut at any byte, odd, or right after all. */
function oddArguments(chance) {
  return chance.pick([
    () => right.slice(0, chance.below(right.length)),
    () => Buffer.from(right).subarray(0, chance.below(right.length)).toString(),
    () => damageJson(right, chance),
    () => damageJson(right, chance),
    () => right,
    () => right.replace('1000.5', () => chance.pick(['1', '1e3', '"1000"', '-5', '1e999', '0', 'null'])),
    () =>
      right.replace('{', () =>
        chance.pick(['{"__proto__":{"polluted":true},', '{"amount":1,', '{{', '[{', '{"constructor":1,']),
      ),
    () => right + chance.pick(['}', '{}', ' ', '\n', ',', '//', right]),
    () => `\`\`\`json\n${right}\n\`\`\``,
    () => right.replace('"x"', () => `"${'x'.repeat(chance.pick([100, 70_000]))}"`),
  ])();
}

/** What may run, by the plainest reading there is. */
function allowed(argumentsText) {
  try {
    const { success, data } = input.safeParse(JSON.parse(argumentsText));
    return success && argumentsText.length <= 64 * 1024 ? data : undefined;
  } catch {
    return undefined;
  }
}

function checkRuns({ asked, runs, llm, mayRun, notes }) {
  if ({}.polluted !== undefined) notes.problem('a prototype was changed');
  const proper = asked.filter(({ argumentsText }) => mayRun && allowed(argumentsText) !== undefined);
  // The same request is what says the same, in whatever order; fields that a schema passes over count.
  const said = proper.map(({ argumentsText }) => JSON.parse(argumentsText));
  const due = proper
    .filter((_, index) => said.findIndex((other) => isDeepStrictEqual(other, said[index])) === index)
    .map(({ argumentsText }) => allowed(argumentsText));
  for (const { given } of runs)
    if (!due.some((value) => isDeepStrictEqual(value, given)))
      notes.problem(`ran with ${JSON.stringify(given)}`);
  if (runs.length !== due.length) notes.problem(`ran ${runs.length} times, ${due.length} were due`);
  const told = new Map(
    llm.requests[1]?.messages.flatMap((one) => (one.role === 'tool' ? [[one.toolCallId, one.content]] : [])),
  );
  for (const { id, argumentsText } of asked) {
    const isDue = proper.some((one) => one.id === id);
    const answer = told.get(id);
    if (answer === undefined) notes.problem(`the model was not told of ${argumentsText.slice(0, 200)}`);
    else if (answer.startsWith('Not run') === isDue)
      notes.problem(`${argumentsText.slice(0, 200)}: the model was told "${answer.slice(0, 200)}"`);
  }
}
