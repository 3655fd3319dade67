// Each rule of the house is seen to fail on a small made-up tree, and to pass on its mended twin.
import { expect, test } from 'vitest';
import * as docs from './docs.js';
import * as imports from './imports.js';
import * as shape from './shape.js';
import * as sizes from './sizes.js';
import type { Rule } from './tree.js';
import * as words from './words.js';

type Tree = Readonly<Record<string, string>>;

interface Case {
  readonly rule: Rule;
  readonly good: Tree;
  /** Each tree breaks the rule; the text is part of what the rule must say. */
  readonly bad: readonly (readonly [says: string, tree: Tree])[];
}

const lines = (count: number): string => Array.from({ length: count }, (_, line) => `// ${line}`).join('\n');
const longFunction = `function long() {\n${lines(80)}\n}`;
const listed = new Map([
  ['packages/core/src/a.ts', 'a generated table'],
  ['packages/core/src/a.ts#long', 'one state machine'],
  ['stt-acme', 'a protocol of two halves'],
]);

const adapter = {
  name: '@voicewire/stt-acme',
  license: 'Apache-2.0',
  type: 'module',
  files: ['dist'],
  engines: { node: '>=20.19' },
  repository: { directory: 'packages/stt-acme' },
  exports: {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './fake': { types: 'x', default: 'y' },
  },
  dependencies: { zod: '^4.0.0', acme: '^1.0.0' },
  peerDependencies: { '@voicewire/core': '^0.1.0', '@voicewire/testing': '^0.1.0' },
  peerDependenciesMeta: { '@voicewire/testing': { optional: true } },
  devDependencies: { '@voicewire/core': '^0.1.0', '@voicewire/testing': '^0.1.0' },
};

const manifest = (changes: Readonly<Record<string, unknown>> = {}, folder = 'stt-acme'): Tree => ({
  [`packages/${folder}/package.json`]: JSON.stringify({ ...adapter, ...changes }),
});
const acme = (text: string, name = 'acme-stt.ts'): Tree => ({
  ...manifest(),
  [`packages/stt-acme/src/${name}`]: text,
});

const cases: Readonly<Record<string, Case>> = {
  coreImportsGoDown: {
    rule: imports.coreImportsGoDown,
    good: {
      'packages/core/src/call/a.ts': "import '../turn/b.js';",
      'packages/core/src/turn/b.test.ts': "import '../call/a.js';",
    },
    bad: [
      [
        'turn must not import call',
        { 'packages/core/src/turn/a.ts': "import type { B } from '../call/b.js';" },
      ],
      [
        'adapter.ts must not import call',
        { 'packages/core/src/adapter.ts': "export { b } from './call/b.js';" },
      ],
      [
        'index.ts must not import disk.ts',
        { 'packages/core/src/index.ts': "export { b } from './disk.js';" },
      ],
      ['no folder misc', { 'packages/core/src/misc/a.ts': "import './b.js';" }],
    ],
  },
  coreStandsAlone: {
    rule: imports.coreStandsAlone,
    good: { 'packages/core/src/disk.ts': "import 'node:fs';", 'packages/core/src/kit/a.ts': "import 'ws';" },
    bad: [
      ['@voicewire/testing', { 'packages/core/src/kit/a.ts': "await import('@voicewire/testing');" }],
      [
        'only disk.ts may use node:fs/promises',
        { 'packages/core/src/kit/a.ts': "import 'node:fs/promises';" },
      ],
    ],
  },
  adaptersImportTheKit: {
    rule: imports.adaptersImportTheKit,
    good: {
      ...acme("import '@voicewire/core/adapter';"),
      'packages/stt-acme/src/fake.ts': "import '@voicewire/testing';",
      'packages/stt-acme/src/fake-session.ts': "import '@voicewire/testing';",
      'packages/stt-acme/test/a.test.ts': "import '@voicewire/testing';",
    },
    bad: [
      ['must not import @voicewire/core', acme("import '@voicewire/core';")],
      ['must not import @voicewire/testing', acme("import '@voicewire/testing';")],
      ['must not import @voicewire/stt-other/dialect', acme("import '@voicewire/stt-other/dialect';")],
    ],
  },
  adaptersAreNamedOnce: {
    rule: imports.adaptersAreNamedOnce,
    good: { 'examples/reference-server/src/adapters.ts': "import '@voicewire/stt-acme';" },
    bad: [
      ['src/main.ts', { 'examples/reference-server/src/main.ts': "import '@voicewire/stt-acme';" }],
      ['packages/testing', { 'packages/testing/src/a.ts': "import '@voicewire/llm-acme/fake';" }],
    ],
  },
  importsAreDeclared: {
    rule: imports.importsAreDeclared,
    good: acme("import 'zod'; import 'acme/realtime'; import 'node:crypto'; import './b.js';"),
    bad: [
      ['ws is not in the dependencies', acme("import 'ws';")],
      ['one client library', manifest({ dependencies: { acme: '1', 'acme-extra': '1' } })],
    ],
  },
  packagesAreNamedAfterTheirFolder: {
    rule: words.packagesAreNamedAfterTheirFolder,
    good: { ...manifest(), ...manifest({ name: 'voicewire' }, 'cli') },
    bad: [
      ['not @voicewire/stt-acme', manifest({ name: '@voicewire/acme' })],
      ['not a planned package', manifest({ name: '@voicewire/acme' }, 'acme')],
    ],
  },
  filesAreNamedAfterTheirContent: {
    rule: words.filesAreNamedAfterTheirContent,
    good: { 'packages/core/src/call/run-call.test.ts': '' },
    bad: [
      ['kebab-case', { 'packages/core/src/runCall.ts': '' }],
      ['not utils.ts', { 'packages/core/src/utils.ts': '' }],
      ['not audio-helpers.ts', { 'packages/core/src/audio-helpers.ts': '' }],
    ],
  },
  typesSayWhatTheyAre: {
    rule: words.typesSayWhatTheyAre,
    good: { 'a.ts': 'export interface IdleLimit {} class Call {}' },
    bad: [
      ['CallManager', { 'a.ts': 'class CallManager {}' }],
      ['ICall', { 'a.ts': 'export interface ICall {}' }],
      ['ClockImpl', { 'a.ts': 'type ClockImpl = 1;' }],
    ],
  },
  coreNamesNoProvider: {
    rule: words.coreNamesNoProvider,
    good: { 'packages/core/src/a.ts': '// primed', 'packages/stt-acme/src/a.ts': '// like Deepgram' },
    bad: [
      ['Deepgram', { 'packages/core/src/a.ts': '// as Deepgram does' }],
      ['openai', { 'packages/core/src/a.ts': "const name = 'openai';" }],
      ['Rime', { 'packages/core/src/a.ts': '// Rime sends' }],
    ],
  },
  textsBelongNowhere: {
    rule: words.textsBelongNowhere,
    good: { 'README.md': 'https://www.npmjs.com/package/ws and ./packages/work/a.ts' },
    bad: [
      ['one machine', { 'README.md': 'see /home/me/voicewire' }],
      ['outside the repository', { 'a.ts': "import '../../../shared/a.js';" }],
      ['registry', { '.npmrc': 'registry=https://registry.example.com/' }],
      ['a tool', { 'CHANGELOG.md': 'Co-Authored-By: Somebody' }],
    ],
  },
  lockfileNamesNoHost: {
    rule: words.lockfileNamesNoHost,
    good: { 'package-lock.json': '"resolved": "packages/core"' },
    bad: [['names a registry', { 'package-lock.json': '"resolved": "https://example.com/ws.tgz"' }]],
  },
  functionsAreShort: {
    rule: sizes.functionsAreShort(new Map()),
    good: { 'packages/core/src/a.test.ts': longFunction, 'packages/core/src/a.ts': 'function short() {}' },
    bad: [
      ['long has 82 lines', { 'packages/core/src/a.ts': longFunction }],
      ['named has 82 lines', { 'packages/core/src/a.ts': `const named = () => {\n${lines(80)}\n};` }],
    ],
  },
  functionsAreShortUnlessListed: {
    rule: sizes.functionsAreShort(listed),
    good: { 'packages/core/src/a.ts': longFunction },
    bad: [['long', { 'packages/core/src/b.ts': longFunction }]],
  },
  filesAreShort: {
    rule: sizes.filesAreShort(listed),
    good: { 'packages/core/src/a.ts': lines(401), 'packages/core/src/b.ts': lines(400) },
    bad: [['401 lines', { 'packages/core/src/b.ts': lines(401) }]],
  },
  adaptersAreSmall: {
    rule: sizes.adaptersAreSmall(new Map()),
    good: { 'packages/stt-acme/src/a.ts': lines(200), 'packages/stt-acme/src/fake.ts': lines(300) },
    bad: [
      ['401 lines', { 'packages/stt-acme/src/a.ts': lines(200), 'packages/stt-acme/src/b.ts': lines(201) }],
      ['1001 lines', { 'packages/telephony-acme/src/a.ts': lines(1001) }],
    ],
  },
  serverIsThin: {
    rule: sizes.serverIsThin,
    good: { 'examples/reference-server/src/main.ts': lines(600) },
    bad: [['601 lines', { 'examples/reference-server/src/main.ts': lines(601) }]],
  },
  exceptionsAreNeeded: {
    rule: sizes.exceptionsAreNeeded(listed),
    good: {
      'packages/core/src/a.ts': `${longFunction}\n${lines(400)}`,
      'packages/stt-acme/src/a.ts': lines(401),
    },
    bad: [
      [
        'a.ts is not needed',
        { 'packages/core/src/a.ts': longFunction, 'packages/stt-acme/src/a.ts': lines(401) },
      ],
      ['a.ts#long is not needed', { 'packages/core/src/a.ts': lines(401) }],
      ['stt-acme is not needed', { 'packages/core/src/a.ts': lines(401) }],
    ],
  },
  filesSayWhatTheyAre: {
    rule: shape.filesSayWhatTheyAre,
    good: {
      'a.ts': '// What lives here.',
      'b.mjs': '#!/usr/bin/env node\n/* A tool. */',
      'tsup.config.ts': 'x',
    },
    bad: [['a.ts', { 'a.ts': "import './b.js';" }]],
  },
  exportsHaveNames: {
    rule: shape.exportsHaveNames,
    good: { 'a.ts': 'export function a() {}', 'vitest.config.ts': 'export default {};' },
    bad: [
      ['a.ts', { 'a.ts': 'export default 1;' }],
      ['b.ts', { 'b.ts': 'export default function b() {}' }],
    ],
  },
  packagesAreComplete: {
    rule: shape.packagesAreComplete,
    good: { ...manifest(), 'packages/stt-acme/README.md': '' },
    bad: [
      ['README.md', manifest()],
      ['Apache-2.0', manifest({ license: 'MIT' })],
      ['ES module', manifest({ type: 'commonjs' })],
      ['publishes "dist"', manifest({ files: ['src'] })],
      ['engines', manifest({ engines: { node: '>=18' } })],
      ['names its folder', manifest({ repository: { directory: 'packages/other' } })],
      ['types first', manifest({ exports: { '.': { default: 'a', types: 'b' } } })],
    ],
  },
  packagesShareOneCore: {
    rule: shape.packagesShareOneCore,
    good: manifest(),
    bad: [
      [
        'caret range',
        manifest({ peerDependencies: { '@voicewire/core': '0.1.0', '@voicewire/testing': '^0.1.0' } }),
      ],
      ['optional peer', manifest({ peerDependenciesMeta: {} })],
      ['optional peer', manifest({ exports: adapter.exports['.'] })],
      ['a core of its own', manifest({ dependencies: { '@voicewire/core': '^0.1.0' } })],
      ['devDependencies', manifest({ devDependencies: {} })],
    ],
  },
  sdksAreUsed: {
    rule: shape.sdksAreUsed([{ folder: 'stt-acme', sdk: '@acme/sdk', where: 'test' }]),
    good: { 'packages/stt-acme/test/fake.test.ts': "import { Acme } from '@acme/sdk';" },
    bad: [
      ['does not use @acme/sdk', { 'packages/stt-acme/src/a.ts': "import { Acme } from '@acme/sdk';" }],
      ['does not use @acme/sdk', { 'packages/stt-acme/test/a.ts': "import type { Acme } from '@acme/sdk';" }],
    ],
  },
  adaptersHaveAPage: {
    rule: docs.adaptersHaveAPage,
    good: {
      ...manifest(),
      'docs/adapters/stt/acme.md':
        '# Acme\n## Install\n```\n## not a heading\n```\n## Use\n## Options\n## Audio formats\n## Capabilities\n## Errors it can raise\n## Provider notes\n',
    },
    bad: [
      ['is missing', manifest()],
      ['headings', { ...manifest(), 'docs/adapters/stt/acme.md': '## Install\n## Options\n' }],
    ],
  },
  errorsAreDocumented: {
    rule: docs.errorsAreDocumented,
    good: {
      'packages/core/src/spec/error.ts': "type ErrorClass = 'auth';",
      'packages/core/src/a.ts': "fail({ code: late ? 'call.late' : 'call.early' });",
      'docs/reference/errors.md': '## `provider.auth`\n### `call.late`\n### `call.early`\n',
    },
    bad: [
      ['lacks provider.auth', { 'packages/core/src/spec/error.ts': "type ErrorClass = 'auth';" }],
      ['lacks call.late', { 'packages/core/src/a.ts': "fail({ code: 'call.late' });" }],
      ['nothing raises call.gone', { 'docs/reference/errors.md': '## `call.gone`\n' }],
    ],
  },
  contractsAreDocumented: {
    rule: docs.contractsAreDocumented,
    good: {
      'packages/core/src/spec/stt.ts':
        "interface A { readonly format: 1; open(): void; readonly type: 'final' }",
      'docs/contract/stt.md': '`format`, `open(request)`, `final`',
    },
    bad: [
      ['stt.md: lacks format', { 'packages/core/src/spec/stt.ts': 'interface A { readonly format: 1 }' }],
      ['llm.md: lacks text', { 'packages/core/src/spec/llm.ts': "type A = { readonly type: 'text' }" }],
    ],
  },
  linksLeadSomewhere: {
    rule: docs.linksLeadSomewhere,
    good: {
      'docs/a.md': '[b](../docs/b.md#part) [folder](.) [out](https://example.com) `[not](a-link)`',
      'docs/b.md': '',
    },
    bad: [['leads nowhere', { 'docs/a.md': '[b](b.md)' }]],
  },
};

const filesOf = (tree: Tree): ReadonlyMap<string, string> => new Map(Object.entries(tree));

for (const [name, { rule, good, bad }] of Object.entries(cases)) {
  test(`${name} passes`, () => {
    expect(rule(filesOf(good))).toEqual([]);
  });
  test.each(bad)(`${name} says: %s`, (says, tree) => {
    expect(rule(filesOf(tree)).join('\n')).toContain(says);
  });
}

test('every rule has its case', () => {
  const rules = [imports, words, sizes, shape, docs].flatMap((module) => Object.entries(module));
  const named = rules.filter(([, value]) => typeof value === 'function').map(([name]) => name);
  expect(named.filter((name) => !(name in cases) && name !== 'errorCodes')).toEqual([]);
});
