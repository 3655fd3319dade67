// What a chaos proxy can do to a connection, and when: plain data, so that scenario files can name it.
import { parseOptions } from '@voicewire/core/adapter';
import * as z from 'zod';

const oneWay = z.enum(['up', 'down']);
const eitherWay = z.enum(['up', 'down', 'both']);
const ms = z.number().min(0);
const count = z.int().min(1);
const messageFault = {
  probability: z.number().min(0).max(1).default(1),
  times: count.optional(),
  direction: eitherWay.default('both'),
};

const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('latency'),
    ms,
    jitterMs: ms.default(0),
    direction: eitherWay.default('both'),
  }),
  z.strictObject({
    kind: z.literal('bandwidth'),
    bytesPerSecond: z.number().gt(0),
    direction: eitherWay.default('both'),
  }),
  z.strictObject({ kind: z.literal('black-hole') }),
  z.strictObject({ kind: z.literal('mute'), direction: eitherWay.default('down') }),
  z.strictObject({ kind: z.literal('stop-reading'), direction: eitherWay.default('up') }),
  z.strictObject({ kind: z.literal('no-pong'), direction: eitherWay.default('down') }),
  z.strictObject({ kind: z.literal('slow-close'), ms, direction: eitherWay.default('down') }),
  z.strictObject({ kind: z.literal('drop'), ...messageFault }),
  z.strictObject({ kind: z.literal('duplicate'), ...messageFault }),
  z.strictObject({ kind: z.literal('reorder'), ...messageFault }),
  z.strictObject({ kind: z.literal('corrupt'), ...messageFault }),
  z.strictObject({ kind: z.literal('reset') }),
  z.strictObject({ kind: z.literal('cut') }),
  z.strictObject({ kind: z.literal('half-open'), direction: oneWay.default('down') }),
  z.strictObject({
    kind: z.literal('close'),
    code: z.int().min(1000).max(4999).default(1000),
    // What fits into a close frame beside the code.
    reason: z.string().max(123).default(''),
    direction: oneWay.default('down'),
  }),
  z.strictObject({
    kind: z.literal('garbage'),
    as: z.enum(['text', 'binary', 'bytes']).default('text'),
    direction: oneWay.default('down'),
  }),
  z.strictObject({
    kind: z.literal('huge'),
    bytes: count.default(100_000_000),
    direction: oneWay.default('down'),
  }),
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(200).max(599),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.string().optional(),
  }),
  z.strictObject({ kind: z.literal('empty-200') }),
]);

const triggers = z.strictObject({
  connection: count.optional(),
  atMs: ms.optional(),
  afterMs: ms.optional(),
  afterMessages: count.optional(),
  afterWord: z.union([count, z.string().min(1)]).optional(),
  direction: oneWay.optional(),
});
type Triggers = z.input<typeof triggers>;

const whenSchema = triggers
  .refine((when) => triggersOf(when).length <= 1, {
    message: 'only one of atMs, afterMs, afterMessages and afterWord can say when',
  })
  .refine((when) => when.direction === undefined || countsTraffic(when), {
    message: 'a direction goes with afterMessages or afterWord',
    path: ['direction'],
  });

/** A fault, when it strikes and for how long, as scenario files write it. `parseChaosRule` explains what is wrong. */
export const chaosRuleSchema = ruleSchemaFor(faultSchema);

/**
 * One way to go wrong. `up` is from client to server, `down` from server to client; a fault that does not say its direction
 * has the one in brackets. A message is a WebSocket message, an event of an SSE body, a line of an NDJSON body, else a piece
 * of whatever length the system reads at once.
 *
 * - `latency`: everything is `ms` late, and up to `jitterMs` more, in order (both)
 * - `bandwidth`: at most `bytesPerSecond` on each connection, in small pieces: few bytes a second dribble (both)
 * - `black-hole`: nothing passes in either direction, not even an end, an answer or a pong
 * - `mute`: no message and no end passes; answers, pings and pongs do (down)
 * - `stop-reading`: nothing is read any more, so that the sender's buffers fill up (up)
 * - `no-pong`: pings stay unanswered (down)
 * - `slow-close`: close frames and ends are `ms` late (down)
 * - `drop`, `duplicate`, `reorder`, `corrupt`: strike each message with `probability` (1), at most `times` on a connection:
 *   it is lost, comes twice, comes after the next one, or has its first `{`, else its first byte, overwritten (both)
 * - `reset`: both ends get a TCP reset
 * - `cut`: the server is gone and TCP ends, without the protocol's own end: no close frame, half a body
 * - `half-open`: one end is gone and the other is not told; `direction` is towards the one left in the dark (down)
 * - `close`: the protocol's own end in the middle: a close frame with `code` (1000; 1005 sends none) and `reason`, a body that ends as if whole (down)
 * - `garbage`: an unreadable message `as` `text`, `binary`, or `bytes` that are no message at all (text, down)
 * - `huge`: a message of `bytes` (100,000,000, down)
 * - `status`: requests and upgrades to come are answered with it, `headers` and `body`; the server is not asked
 * - `empty-200`: requests to come succeed with an empty body; upgrades are answered 200
 */
export type ChaosFault = z.input<typeof faultSchema>;

/**
 * When a fault strikes; with no trigger at once. At most one trigger, of which the first counts for all connections, the
 * others for each by itself: `atMs` since the rule was given; `afterMs` since the connection opened; `afterMessages` that
 * passed in `direction` (down); `afterWord`: the so-many-th word, or that word, has passed in `direction` (either).
 * `connection` strikes only that one, counted from 1.
 */
export type ChaosWhen = z.input<typeof whenSchema>;

/**
 * A fault, when it strikes, and how long it lasts. `forMs`: a rule without trigger or with `atMs` ends everywhere so long
 * after it began; others heal so long after they struck, connection by connection. `times`: strikes so many connections at most.
 */
export type ChaosRule = z.input<typeof chaosRuleSchema>;

/** A fault with its defaults filled in. */
export type ParsedFault = z.output<typeof faultSchema>;
export type ParsedRule = z.output<typeof chaosRuleSchema>;
export type ParsedWhen = ParsedRule['when'];
export type Direction = z.output<typeof oneWay>;

/** Checks a rule from YAML or JSON. Throws a `ConfigError` that names each problem, its path and what is allowed. */
export function parseChaosRule(value: unknown): ParsedRule {
  // The kind first: only then is it known what else may be said.
  const { kind } = parseOptions('chaos', kindSchema, value).fault;
  const ofKind = faultSchema.options.find(({ shape }) => shape.kind.value === kind) ?? faultSchema;
  return parseOptions('chaos', ruleSchemaFor(ofKind), value);
}

const kinds = faultSchema.options.map(({ shape }) => shape.kind.value);
const kindSchema = z.looseObject({ fault: z.looseObject({ kind: z.enum(kinds) }) });

/** Its return type is what the schema says. */
function ruleSchemaFor(fault: z.ZodType<ParsedFault, ChaosFault>) {
  return z
    .strictObject({
      fault,
      when: whenSchema.default({}),
      forMs: ms.optional(),
      times: count.optional(),
    })
    .refine(
      (rule) => !isAnswer(rule.fault) || (rule.when.afterMs === undefined && !countsTraffic(rule.when)),
      {
        message: 'an answer can only be decided before a connection opens: use connection or atMs',
        path: ['when'],
      },
    );
}

function triggersOf({ atMs, afterMs, afterMessages, afterWord }: Triggers): unknown[] {
  return [atMs, afterMs, afterMessages, afterWord].filter((trigger) => trigger !== undefined);
}

function countsTraffic({ afterMessages, afterWord }: Triggers): boolean {
  return afterMessages !== undefined || afterWord !== undefined;
}

/** Faults that take the place of the server's answer. */
function isAnswer({ kind }: { readonly kind: string }): boolean {
  return kind === 'status' || kind === 'empty-200';
}
