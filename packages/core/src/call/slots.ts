// Slots: values an agent has to collect, checked by their schema on every write.
import type { LlmTool } from '../spec/llm.js';
import { toJsonSchema, validate, type StandardSchema } from './json-schema.js';
import type { JsonSchema } from '../spec/llm.js';

export interface Slot {
  readonly description: string;
  readonly schema: StandardSchema;
  readonly jsonSchema?: JsonSchema | undefined;
  /** Taken from the keypad only, masked in every record: card numbers, PINs. The model learns that it is there, not what. */
  readonly keypad?: { readonly digits: number } | undefined;
}

/** What was collected so far, by name. */
export interface SlotStore {
  readonly values: ReadonlyMap<string, unknown>;
  /** Whether it fits, in words for the model. */
  fill(name: string, value: unknown): Promise<{ readonly ok: boolean; readonly message: string }>;
}

/** `earlier`: what was collected before a resumption, for those slots that may be written down. */
export function createSlotStore(
  slots: Readonly<Record<string, Slot>>,
  onFilled: (name: string, value: unknown, masked: boolean) => void,
  earlier: Iterable<readonly [string, unknown]> = [],
): SlotStore {
  const values = new Map<string, unknown>(earlier);
  return {
    values,
    async fill(name, value) {
      const slot = Object.hasOwn(slots, name) ? slots[name] : undefined;
      if (slot === undefined)
        return {
          ok: false,
          message: `There is no slot of that name. Slots: ${Object.keys(slots).join(', ')}.`,
        };
      const checked = await validate(slot.schema, value);
      // A schema may quote the value in its complaint: what was typed unseen stays unseen.
      if (!checked.ok && slot.keypad !== undefined)
        return { ok: false, message: 'That does not fit. Ask the caller to type it again.' };
      if (!checked.ok)
        return { ok: false, message: `That does not fit: ${checked.problem}. Ask the caller again.` };
      values.set(name, checked.value);
      onFilled(name, checked.value, slot.keypad !== undefined);
      return { ok: true, message: missing(slots, values) };
    },
  };
}

function missing(slots: Readonly<Record<string, Slot>>, values: ReadonlyMap<string, unknown>): string {
  const open = Object.keys(slots).filter((name) => !values.has(name));
  return open.length === 0 ? 'Noted. Everything is collected.' : `Noted. Still missing: ${open.join(', ')}.`;
}

/** The tool by which a model fills a slot; undefined where there is nothing it may fill. */
export function fillSlotTool(slots: Readonly<Record<string, Slot>>): LlmTool | undefined {
  const names = Object.keys(slots);
  if (names.length === 0) return undefined;
  const described = names.map((name) => {
    const slot = slots[name];
    if (slot?.keypad !== undefined)
      return `${name}: ${slot.description} (set value to "keypad": the caller types it, you never see it)`;
    const schema =
      slot === undefined ? {} : toJsonSchema(slot.schema, slot.jsonSchema, `agent.slots.${name}`);
    return `${name}: ${slot?.description ?? ''} ${JSON.stringify(schema)}`;
  });
  return {
    name: 'fill_slot',
    description: `Note a value the caller gave. Slots:\n${described.join('\n')}`,
    parameters: {
      type: 'object',
      properties: { name: { type: 'string', enum: names }, value: {} },
      required: ['name', 'value'],
      additionalProperties: false,
    },
  };
}
