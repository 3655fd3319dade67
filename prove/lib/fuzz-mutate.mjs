// What can be wrong with a message: with its fields, its text, its bytes, its framing. Pure; the same chance makes the same.

/** As JSON texts, because half of them are no values of JavaScript: what stands where something else is due. */
const oddities = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '-1',
  '0.1',
  '1e999',
  '-1e999',
  '9007199254740993',
  '1e-320',
  '""',
  '"NaN"',
  '"Infinity"',
  '"0"',
  '" "',
  '"null"',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udfff\\ud800"',
  '"\\u202e\\ufeff"',
  '"%s%n${7*7}"',
  '"2026-02-30T25:61:61Z"',
  '"=?=!!not base64!!"',
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '[{}]',
  '{"":""}',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"length":4294967295}',
  '{"toString":1,"valueOf":2,"toJSON":3,"then":4}',
];

const long = (chance) => 'x'.repeat(chance.pick([300, 5_000, 70_000]));
const deep = (chance) => {
  const levels = chance.pick([33, 200, 20_000]);
  return chance.is(0.5)
    ? '['.repeat(levels) + ']'.repeat(levels)
    : `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
};

/** An odd value in place of a right one, as JSON. */
function oddity(chance) {
  if (chance.is(0.03)) return deep(chance);
  if (chance.is(0.03)) return JSON.stringify(long(chance));
  return chance.pick(oddities);
}

/** Every place in a value: the path to it, outermost first. */
function pathsOf(value, path = []) {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.keys(value).flatMap((key) => pathsOf(value[key], [...path, key]))];
}

const marker = '\u{10fffd}odd\u{10fffd}';

/** What one wrong thing at `path` makes of the message. */
function damageAt(value, path, chance) {
  const copy = structuredClone(value);
  const key = path.at(-1);
  const parent = path.slice(0, -1).reduce((inner, name) => inner[name], copy);
  if (key === undefined) return oddity(chance);
  const replaced = () => {
    parent[key] = marker;
    return JSON.stringify(copy).replaceAll(JSON.stringify(marker), () => oddity(chance));
  };
  const deeds = [
    replaced,
    replaced,
    replaced,
    () => void delete parent[key],
    () => void (parent[`${key}${chance.pick(['_', 'x', ' ', '\u0000'])}`] = take(parent, key)),
    () => void (parent[key] = [parent[key]]),
    () => void (parent[key] = { [key]: parent[key] }),
    () => void (parent[key] = JSON.stringify(parent[key])),
    () => void (parent[key] = Array.from({ length: chance.pick([2, 50, 2_000]) }, () => parent[key])),
    () => void (parent[key] = damagedScalar(parent[key], chance)),
    // The second of two equal keys wins, in most readers.
    () =>
      JSON.stringify(copy).replace(
        `${JSON.stringify(key)}:`,
        (found) => `${found}${oddity(chance)},${found}`,
      ),
  ];
  return chance.pick(deeds)() ?? JSON.stringify(copy);
}

function take(parent, key) {
  const value = parent[key];
  delete parent[key];
  return value;
}

function damagedScalar(value, chance) {
  if (typeof value === 'number') return chance.pick([-value, value * 1e9, value + 0.5, String(value), 1e300]);
  if (typeof value === 'boolean') return !value;
  if (typeof value !== 'string') return value;
  const at = chance.below(value.length + 1);
  return chance.pick([
    value.slice(0, at),
    value.slice(at),
    value + value,
    value.toUpperCase(),
    `${value.slice(0, at)}\ud83d${value.slice(at)}`,
    `${value.slice(0, at)}*-_=${value.slice(at)}`,
    `not_yet_invented_${at}`,
  ]);
}

/** A text, damaged where it stands, whatever it means. */
export function damageText(text, chance) {
  const at = chance.below(text.length + 1);
  const end = at + chance.below(20);
  const deeds = [
    () => text.slice(0, at),
    () => text.slice(at),
    () => text.slice(0, at) + text.slice(end),
    () => text.slice(0, at) + text.slice(at, end) + text.slice(at),
    () =>
      text.slice(0, at) +
      chance.pick(['"', '{', '}', '[', ',', ':', '\\', '\n', '\u0000', '\ufeff', '\ud800', 'é']) +
      text.slice(at),
    () => text.replace(/\d+(\.\d+)?/, () => oddity(chance)),
    () => text + text,
    () => '',
    () => ' \r\n',
    () => oddity(chance),
  ];
  return chance.pick(deeds)();
}

/** Bytes that are no UTF-8, or another text's. */
export function damageBytes(bytes, chance) {
  const copy = Buffer.from(bytes);
  for (let count = 1 + chance.below(4); count > 0 && copy.length > 0; count -= 1)
    copy[chance.below(copy.length)] = chance.pick([0x00, 0x80, 0xc0, 0xed, 0xfe, 0xff, chance.below(256)]);
  return chance.is(0.2) ? copy.subarray(0, chance.below(copy.length + 1)) : copy;
}

/** JSON with one to three wrong things in it; text that is none is damaged as text. */
export function damageJson(json, chance) {
  if (chance.is(0.2)) return damageText(json, chance);
  let damaged = json;
  for (let count = chance.pick([1, 1, 1, 2, 3]); count > 0; count -= 1) {
    const value = parsed(damaged);
    if (typeof value !== 'object' || value === null) return damaged;
    // Names that reach a prototype are not walked through again.
    const paths = pathsOf(value).filter((path) => !path.includes('__proto__'));
    damaged = damageAt(value, chance.pick(paths), chance);
  }
  return damaged;
}

function parsed(json) {
  try {
    // Deeper than this is a message that was made too deep already.
    return /(\[|\{"a":){33}/.test(json) || json.length > 50_000 ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** A message of a provider or carrier, damaged: JSON inside whatever frames it, or bytes. */
export function damageMessage(message, chance) {
  if (typeof message !== 'string') return damageBytes(message, chance);
  if (chance.is(0.04)) return damageBytes(Buffer.from(message), chance);
  if (chance.is(0.02)) return chance.bytes(1 + chance.below(64));
  const start = message.search(/[{[]/);
  const end = Math.max(message.lastIndexOf('}'), message.lastIndexOf(']')) + 1;
  if (start < 0 || end <= start || chance.is(0.08)) return damageText(message, chance);
  return message.slice(0, start) + damageJson(message.slice(start, end), chance) + message.slice(end);
}
