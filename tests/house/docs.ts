// The documentation keeps up with the sources: a page per adapter, a heading per error code, links that lead somewhere.
import { posix } from 'node:path';
import ts from 'typescript';
import {
  adapterKinds,
  adapterOf,
  type Files,
  isShipped,
  parse,
  readManifests,
  type Rule,
  walk,
} from './tree.js';

const adapterHeadings = [
  'Install',
  'Use',
  'Options',
  'Audio formats',
  'Capabilities',
  'Errors it can raise',
  'Provider notes',
];

/** `docs/adapters/<kind>/<provider>.md` with the fixed headings, in their order. */
export const adaptersHaveAPage: Rule = (files) =>
  [...readManifests(files).keys()].flatMap((folder) => {
    const adapter = adapterOf(`packages/${folder}/`);
    if (adapter === undefined) return [];
    const path = `docs/adapters/${adapter.kind}/${adapter.provider}.md`;
    const page = files.get(path);
    if (page === undefined) return [`${path}: is missing`];
    const headings = [...withoutCode(page).matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    return headings.join() === adapterHeadings.join()
      ? []
      : [`${path}: its headings are not ${adapterHeadings.join(' · ')}`];
  });

const errorPage = 'docs/reference/errors.md';
const codePattern =
  /^(config|provider|telephony|call|tool|stream|testing|api)\.(?!(ts|json|ya?ml)$)[a-z][a-z_]+$/;

/** Each error code that a shipped file can produce has a heading, and each heading a code. */
export const errorsAreDocumented: Rule = (files) => {
  const documented = new Set(
    [...(files.get(errorPage) ?? '').matchAll(/^#+ `([^`]+)`$/gm)].flatMap((match) => match[1] ?? []),
  );
  const codes = errorCodes(files);
  return [
    ...[...codes]
      .filter(([code]) => !documented.has(code))
      .map(([code, path]) => `${errorPage}: lacks ${code} (${path})`),
    ...[...documented]
      .filter((code) => !codes.has(code))
      .map((code) => `${errorPage}: nothing raises ${code}`),
  ];
};

/** Codes by the first file that names them: literals in one of our name spaces, and `provider.<class>` for each class. */
export function errorCodes(files: Files): ReadonlyMap<string, string> {
  const codes = new Map<string, string>();
  for (const [path, text] of files) {
    if (!isShipped(path)) continue;
    const isClassList = path === 'packages/core/src/spec/error.ts';
    walk(parse(path, text), (node) => {
      if (isClassList && ts.isTypeAliasDeclaration(node) && node.name.text === 'ErrorClass') {
        for (const name of literalsIn(node)) addTo(codes, `provider.${name}`, path);
      } else if (ts.isStringLiteralLike(node) && codePattern.test(node.text)) {
        addTo(codes, node.text, path);
      }
    });
  }
  return codes;
}

function addTo(codes: Map<string, string>, code: string, path: string): void {
  if (!codes.has(code)) codes.set(code, path);
}

function literalsIn(node: ts.Node): readonly string[] {
  const literals: string[] = [];
  walk(node, (child) => {
    if (ts.isStringLiteralLike(child)) literals.push(child.text);
  });
  return literals;
}

/** Each field and event of a contract in core's spec is named on its page. */
export const contractsAreDocumented: Rule = (files) =>
  adapterKinds.flatMap((kind) => {
    const path = `packages/core/src/spec/${kind}.ts`;
    const page = files.get(`docs/contract/${kind}.md`) ?? '';
    const named = new Set(
      [...page.matchAll(/`([^`]+)`/g)].map((match) => (match[1] ?? '').replace(/\(.*/, '')),
    );
    return fieldsOf(path, files.get(path) ?? '')
      .filter((name) => !named.has(name))
      .map((name) => `docs/contract/${kind}.md: lacks ${name}`);
  });

function fieldsOf(path: string, text: string): readonly string[] {
  const names = new Set<string>();
  walk(parse(path, text), (node) => {
    if (ts.isMethodSignature(node)) names.add(node.name.getText());
    if (!ts.isPropertySignature(node) || node.type === undefined) return;
    const isTag = node.name.getText() === 'type';
    if (!isTag) names.add(node.name.getText());
    else literalsIn(node.type).forEach((event) => names.add(event));
  });
  return [...names];
}

/** Relative links in Markdown lead to files that exist. */
export const linksLeadSomewhere: Rule = (files) => {
  const paths = [...files.keys()];
  return [...files].flatMap(([path, text]) => {
    // A template's page is written for where it will be copied to.
    if (!path.endsWith('.md') || path.startsWith('templates/')) return [];
    return [...withoutCode(text).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].flatMap((match) => {
      const target = match[1] ?? '';
      if (/^[a-z]+:/.test(target) || /\.(png|svg|jpe?g|wav|gif|webp)$/.test(target)) return [];
      const found = posix.join(posix.dirname(path), target).replace(/\/$/, '');
      return paths.some((known) => known === found || known.startsWith(`${found}/`))
        ? []
        : [`${path}: ${target} leads nowhere`];
    });
  });
};

function withoutCode(markdown: string): string {
  return markdown.replace(/^(```+)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '');
}
