// style.md as a program: every rule of the house, over the whole repository. That rules can fail is shown in tests/house/.
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import * as docs from './house/docs.js';
import * as imports from './house/imports.js';
import * as shape from './house/shape.js';
import * as sizes from './house/sizes.js';
import { readTree, type Rule } from './house/tree.js';
import * as words from './house/words.js';

const files = readTree(fileURLToPath(new URL('..', import.meta.url)));

const rules: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  imports: {
    'go down inside core': imports.coreImportsGoDown,
    'leave core alone': imports.coreStandsAlone,
    'of an adapter are the kit': imports.adaptersImportTheKit,
    'name adapters in one place': imports.adaptersAreNamedOnce,
    'are declared': imports.importsAreDeclared,
  },
  words: {
    'packages are named after their folder': words.packagesAreNamedAfterTheirFolder,
    'files are named after their content': words.filesAreNamedAfterTheirContent,
    'types say what they are': words.typesSayWhatTheyAre,
    'core names no provider': words.coreNamesNoProvider,
    'texts belong to no machine and no tool': words.textsBelongNowhere,
    'the lockfile names no host': words.lockfileNamesNoHost,
  },
  sizes: {
    'functions are short': sizes.functionsAreShort(),
    'files are short': sizes.filesAreShort(),
    'adapters are small': sizes.adaptersAreSmall(),
    'the reference server is thin': sizes.serverIsThin,
    'exceptions are needed': sizes.exceptionsAreNeeded(),
  },
  shape: {
    'files say what they are': shape.filesSayWhatTheyAre,
    'exports have names': shape.exportsHaveNames,
    'packages are complete': shape.packagesAreComplete,
    'packages share one core': shape.packagesShareOneCore,
    "vendors' SDKs are used": shape.sdksAreUsed(),
  },
  docs: {
    'adapters have a page': docs.adaptersHaveAPage,
    'errors are documented': docs.errorsAreDocumented,
    'contracts are documented': docs.contractsAreDocumented,
    'links lead somewhere': docs.linksLeadSomewhere,
  },
};

for (const [title, group] of Object.entries(rules)) {
  describe(title, () => {
    test.each(Object.entries(group))('%s', (_, rule) => {
      expect(rule(files)).toEqual([]);
    });
  });
}
