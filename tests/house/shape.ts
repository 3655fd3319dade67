// What every file and every published package looks like.
import ts from 'typescript';
import { adapterOf, isSource, type Manifest, parse, readManifests, type Rule } from './tree.js';

const isToolConfig = (path: string): boolean => /\.config\.(ts|js)$/.test(path);

/** The first lines of a file say what lives there; a test has titles for that. */
export const filesSayWhatTheyAre: Rule = (files) =>
  [...files].flatMap(([path, text]) => {
    if (!isSource(path) || isToolConfig(path) || path.includes('.test.')) return [];
    return /^(#!.*\n)?\/[/*]/.test(text) ? [] : [`${path}: begins without saying what it is`];
  });

/** Only tools that demand one get a default export. */
export const exportsHaveNames: Rule = (files) =>
  [...files].flatMap(([path, text]) => {
    if (!isSource(path) || isToolConfig(path) || path === 'scripts/lib/test-reporter.mjs') return [];
    const hasDefault = parse(path, text).statements.some(
      (statement) =>
        ts.isExportAssignment(statement) ||
        (ts.canHaveModifiers(statement) &&
          ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)),
    );
    return hasDefault ? [`${path}: name what it exports`] : [];
  });

/** What npm shows and needs of a package, and what our own tools read. */
export const packagesAreComplete: Rule = (files) =>
  [...readManifests(files)].flatMap(([folder, manifest]) => {
    if (manifest.private === true) return [];
    const facts: readonly (readonly [boolean, string])[] = [
      [manifest.license === 'Apache-2.0', 'needs "license": "Apache-2.0"'],
      [manifest.type === 'module', 'is an ES module: "type": "module"'],
      [manifest.files?.includes('dist') === true, 'publishes "dist"'],
      [manifest.engines?.['node'] === '>=20.19', 'needs "engines": { "node": ">=20.19" }'],
      [manifest.repository?.directory === `packages/${folder}`, 'names its folder in "repository"'],
      [files.has(`packages/${folder}/README.md`), 'needs a README.md'],
      [hasTypedExports(manifest), 'exports every entry with types first, then default'],
    ];
    return facts.filter(([holds]) => !holds).map(([, what]) => `packages/${folder}: ${what}`);
  });

function hasTypedExports({ exports }: Manifest): boolean {
  if (exports === undefined) return false;
  return Object.entries(exports).every(([entry, target]) => {
    if (typeof target === 'string') return entry.includes('.') && entry !== '.';
    return Object.keys(target)[0] === 'types' && target.default !== undefined;
  });
}

/** Core is everybody's peer, so that there is one of it; testing is an optional peer of those that ship a fake. */
export const packagesShareOneCore: Rule = (files) =>
  [...readManifests(files)].flatMap(([folder, manifest]) => {
    const {
      dependencies = {},
      peerDependencies = {},
      devDependencies = {},
      peerDependenciesMeta = {},
    } = manifest;
    const problems: string[] = [];
    const expect = (holds: boolean, what: string): void => {
      if (!holds) problems.push(`packages/${folder}: ${what}`);
    };
    if (adapterOf(`packages/${folder}/`) !== undefined) {
      expect(
        peerDependencies['@voicewire/core']?.startsWith('^') === true,
        'has core as a peer with a caret range',
      );
      const hasFake = manifest.exports?.['./fake'] !== undefined;
      const isOptional = peerDependenciesMeta['@voicewire/testing']?.optional === true;
      const isPeer = peerDependencies['@voicewire/testing'] !== undefined;
      expect(
        isPeer === hasFake && isOptional === hasFake,
        'has testing as an optional peer exactly if it ships a fake',
      );
    }
    expect(folder === 'cli' || !('@voicewire/core' in dependencies), 'must not bring a core of its own');
    for (const peer of Object.keys(peerDependencies).filter((name) => name.startsWith('@voicewire/'))) {
      expect(
        peer in devDependencies,
        `lists its peer ${peer} in devDependencies too: builds are ordered by it`,
      );
    }
    return problems;
  });

interface SdkUse {
  readonly folder: string;
  readonly sdk: string;
  /** `src`: at run time. `test`: it drives the fake. */
  readonly where: 'src' | 'test';
}

/** Where the vendor's own SDK does the work, or proves our fake from outside. */
export const sdkUses: readonly SdkUse[] = [
  { folder: 'stt-deepgram', sdk: '@deepgram/sdk', where: 'test' },
  { folder: 'stt-assemblyai', sdk: 'assemblyai', where: 'src' },
  { folder: 'stt-assemblyai', sdk: 'assemblyai', where: 'test' },
  { folder: 'tts-elevenlabs', sdk: '@elevenlabs/elevenlabs-js', where: 'test' },
  { folder: 'tts-elevenlabs', sdk: 'elevenlabs', where: 'test' },
  { folder: 'tts-cartesia', sdk: '@cartesia/cartesia-js', where: 'test' },
  { folder: 'llm-openai', sdk: 'openai', where: 'src' },
  { folder: 'llm-ollama', sdk: 'ollama', where: 'src' },
  { folder: 'llm-anthropic', sdk: '@anthropic-ai/sdk', where: 'test' },
  { folder: 'telephony-twilio', sdk: 'twilio', where: 'src' },
];

/** A vendor's SDK that is listed is really imported where it should be. */
export function sdksAreUsed(uses: readonly SdkUse[] = sdkUses): Rule {
  return (files) =>
    uses.flatMap(({ folder, sdk, where }) => {
      const inFolder = [...files].filter(([path]) => path.startsWith(`packages/${folder}/${where}/`));
      const imports = new RegExp(`(?<!import type .*)(from|import\\(|import) ?['"]${sdk}(/[^'"]*)?['"]`);
      return inFolder.some(([, text]) => imports.test(text))
        ? []
        : [`packages/${folder}/${where}: does not use ${sdk}`];
    });
}
