// Code in Markdown: included pieces equal their files, and everything else compiles. `--write` renews what is included.
//
// `<!-- snippet: examples/x.ts#region -->` before a fence includes a file, or what stands in it between `// #region x`
// and `// #endregion x`. `<!-- not compiled: reason -->` leaves a fence alone.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, runTool } from './lib/run.mjs';

const fence =
  /^(?:<!-- (snippet|given|not compiled): (\S[^\n]*?) -->\n\n?)?```(ts|js)[^\n]*\n([\s\S]*?)^```$/gm;
const cache = '.cache/snippets';

/** Throws where an included piece is out of date or a piece of TypeScript does not compile; returns a count. */
export async function checkSnippets() {
  const counts = { included: 0, compiled: 0 };
  rmSync(join(root, cache), { recursive: true, force: true });
  for (const page of markdownFiles()) {
    const text = readFileSync(join(root, page), 'utf8');
    for (const match of text.matchAll(fence)) {
      const [whole, mark, argument, language, code] = match;
      if (mark === 'snippet') {
        if (code !== readPiece(argument))
          throw new Error(`${page}: ${argument} has changed; run npm run docs`);
        counts.included += 1;
      } else if (mark !== 'not compiled' && language === 'ts') {
        const line =
          text.slice(0, match.index).split('\n').length +
          whole.slice(0, whole.indexOf('```')).split('\n').length -
          1;
        writePiece(page, line, code, mark === 'given' ? argument : '');
        counts.compiled += 1;
      }
    }
  }
  if (counts.compiled > 0) await compile();
  return `${counts.included} included, ${counts.compiled} compiled`;
}

function writeSnippets() {
  for (const page of markdownFiles()) {
    const text = readFileSync(join(root, page), 'utf8');
    const renewed = text.replace(fence, (whole, mark, argument, language, code) =>
      mark === 'snippet' ? `${whole.slice(0, -3 - code.length)}${readPiece(argument)}\`\`\`` : whole,
    );
    if (renewed !== text) writeFileSync(join(root, page), renewed);
  }
}

/** A whole file, or the lines of one region moved to the left margin. */
function readPiece(argument) {
  const [file, region] = argument.split('#');
  const text = readFileSync(join(root, file), 'utf8');
  if (region === undefined) return text;
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.trim() === `// #region ${region}`);
  const to = lines.findIndex((line) => line.trim() === `// #endregion ${region}`);
  if (from < 0 || to < from) throw new Error(`${file} has no region ${region}`);
  const piece = lines.slice(from + 1, to);
  const indent = Math.min(...piece.filter((line) => line.trim()).map((line) => line.search(/\S/)));
  return `${piece.map((line) => line.slice(indent)).join('\n')}\n`;
}

/** Empty lines in front make the compiler's line numbers those of the page. */
function writePiece(page, line, code, given) {
  const file = join(root, cache, placeOf(code), `${page}.${line}.ts`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${given}${'\n'.repeat(line)}${code}\nexport {};\n`);
}

/** Code for web pages has the browser's types, all other code those of Node: together they contradict each other. */
function placeOf(code) {
  return code.includes("/client'") ? 'browser' : 'node';
}

async function compile() {
  for (const [place, lib] of [
    ['node', ['ES2023']],
    ['browser', ['ES2023', 'DOM', 'DOM.Iterable']],
  ]) {
    const folder = join(root, cache, place);
    if (!existsSync(folder)) continue;
    const compilerOptions = { noEmit: true, lib };
    const config = { extends: join(root, 'tsconfig.base.json'), compilerOptions, include: ['**/*.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    await runTool('typescript', ['-p', folder]);
  }
}

function markdownFiles() {
  const pages = ['docs', 'packages', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  const top = readdirSync(root).filter((name) => name.endsWith('.md'));
  return [...top, ...pages].filter(
    (path) => path.endsWith('.md') && !/node_modules|dist|CHANGELOG/.test(path),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv.includes('--write')) writeSnippets();
  console.log(await checkSnippets());
}
