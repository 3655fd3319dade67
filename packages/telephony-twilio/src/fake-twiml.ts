// TwiML as the fake carrier reads it: the strict part of XML that instructions are made of, and nothing lenient about it.

export interface TwimlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly TwimlElement[];
  /** All text directly inside, trimmed. */
  readonly text: string;
}

interface OpenElement {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: TwimlElement[];
  text: string;
}

const tokens =
  /<\?xml\s[^?]*\?>|<!--(?:(?!--)[^])*-->|<\/([A-Za-z][\w.-]*)\s*>|<([A-Za-z][\w.-]*)((?:\s+[A-Za-z][\w:.-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/gy;
const attribute = /([A-Za-z][\w:.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The `<Response>` of a document, or in words what is wrong with it. */
export function readTwiml(source: string): TwimlElement | string {
  const document: OpenElement = { name: '', attributes: {}, children: [], text: '' };
  const open = [document];
  let end = 0;
  for (const match of source.matchAll(tokens)) {
    end = match.index + match[0].length;
    const [, closing, opening, attributes = '', selfClosing, text] = match;
    const current = open.at(-1) ?? document;
    if (closing !== undefined) {
      if (closing !== current.name) return `</${closing}> does not close <${current.name}>`;
      open.pop();
      open.at(-1)?.children.push({ ...current, text: current.text.trim() });
    } else if (opening !== undefined) {
      if (hasBadEntity(attributes)) return `<${opening}> has an unknown entity`;
      const element = { name: opening, attributes: readAttributes(attributes), children: [], text: '' };
      if (selfClosing) current.children.push(element);
      else open.push(element);
    } else if (text !== undefined) {
      if (hasBadEntity(text) || text.includes(']]>')) return 'text that XML does not allow';
      current.text += decode(text);
    }
  }
  if (end !== source.length) return `nothing readable at ${end}`;
  const [response, ...more] = document.children;
  if (response?.name !== 'Response' || more.length > 0 || document.text.trim() !== '')
    return 'not one whole <Response>';
  return response;
}

function readAttributes(text: string): Record<string, string> {
  const pairs = [...text.matchAll(attribute)].map(([, name = '', double, single]) => [
    name,
    decode(double ?? single ?? ''),
  ]);
  return Object.fromEntries(pairs) as Record<string, string>;
}

function hasBadEntity(text: string): boolean {
  return /&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-f]+);)/i.test(text);
}

function decode(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return entities[name] ?? whole;
      return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
    },
  );
}
