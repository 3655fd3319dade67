// Names and words: what packages, files and types are called, and what no text of ours may mention.
import ts from 'typescript';
import { adapterKinds, isSource, parse, readManifests, type Rule } from './tree.js';

const sharedPackages = [
  'core',
  'config',
  'testing',
  'api',
  'dashboard',
  'cli',
  'insights',
  'notify',
  'telemetry',
  'vad-silero',
  'store-postgres',
  'bus-redis',
];

/** `<kind>-<provider>` for adapters, the planned names for the rest; the folder is the name. */
export const packagesAreNamedAfterTheirFolder: Rule = (files) =>
  [...readManifests(files)].flatMap(([folder, { name }]) => {
    const isAdapter = adapterKinds.some((kind) => new RegExp(`^${kind}-[a-z0-9-]+$`).test(folder));
    const expected = folder === 'cli' ? 'voicewire' : `@voicewire/${folder}`;
    return [
      ...(isAdapter || sharedPackages.includes(folder) ? [] : [`packages/${folder}: not a planned package`]),
      ...(name === expected ? [] : [`packages/${folder}: is called ${name ?? 'nothing'}, not ${expected}`]),
    ];
  });

const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/;
const emptyNames = /(^|-)(utils?|common|helpers?|misc|impl|manager)\./;

/** Files are called after the main thing inside. */
export const filesAreNamedAfterTheirContent: Rule = (files) =>
  [...files.keys()].filter(isSource).flatMap((path) => {
    const name = path.split('/').at(-1) ?? '';
    if (!kebabCase.test(name)) return [`${path}: file names are kebab-case`];
    return emptyNames.test(name) ? [`${path}: say what is inside, not ${name}`] : [];
  });

const emptyTypeNames = /(Impl|Manager|Helper|Utils?)$|^I[A-Z][a-z]/;

/** No `…Manager`, `…Impl`, `…Helper`, `IThing`. */
export const typesSayWhatTheyAre: Rule = (files) =>
  [...files]
    .filter(([path]) => isSource(path))
    .flatMap(([path, text]) =>
      parse(path, text).statements.flatMap((statement) => {
        const isType =
          ts.isClassDeclaration(statement) ||
          ts.isInterfaceDeclaration(statement) ||
          ts.isTypeAliasDeclaration(statement);
        const name = isType ? statement.name?.text : undefined;
        return name !== undefined && emptyTypeNames.test(name) ? [`${path}: ${name} says nothing`] : [];
      }),
    );

/** Makers of speech, language and calls. Left out: names that are everyday words of the trade. */
const providers = [
  ...['deepgram', 'assemblyai', 'elevenlabs', 'openai', 'azure', 'microsoft', 'google', 'amazon', 'cartesia'],
  ...[
    'ollama',
    'anthropic',
    'claude',
    'gemini',
    'openrouter',
    'hugging ?face',
    'vllm',
    'mistral',
    '\\bgroq\\b',
  ],
  ...['whisper', '\\bvosk\\b', '\\bpiper\\b', 'coqui', 'kokoro', 'flite', 'sherpa', 'silero', 'speechmatics'],
  ...[
    'gladia',
    '\\baws\\b',
    '\\bpolly\\b',
    '\\brime\\b',
    'twilio',
    'telnyx',
    'vonage',
    'plivo',
    'signalwire',
  ],
  ...['asterisk', 'freeswitch', 'jambonz', 'genesys', 'nvidia', '\\briva\\b', '\\bsoniox\\b', 'speechify'],
];
const anyProvider = new RegExp(providers.join('|'), 'i');

/** Core names no provider: not in a type, not in a comment, not in a default. */
export const coreNamesNoProvider: Rule = (files) =>
  [...files]
    .filter(([path]) => path.startsWith('packages/core/src/'))
    .flatMap(([path, text]) => {
      const found = anyProvider.exec(text)?.[0];
      return found === undefined ? [] : [`${path}: names the provider ${found}`];
    });

const foreignPlaces: readonly (readonly [RegExp, string])[] = [
  [/(^|[\s"'`(])\/(work|root|home|Users)\//m, 'a path of one machine'],
  [/\.\.\/shared\//, 'a folder outside the repository'],
  [/https?:\/\/[\w.-]*(registry|artifactory|verdaccio|nexus|npmmirror)[\w.-]*/i, 'a package registry'],
  [/(generated|written) (with|by) (an? )?(ai|llm|claude|chatgpt|copilot|cursor)\b|co-authored-by/i, 'a tool'],
];

/** The repository means the same everywhere: no text depends on where or with what it was made. */
export const textsBelongNowhere: Rule = (files) =>
  [...files].flatMap(([path, text]) =>
    path.startsWith('tests/house')
      ? []
      : foreignPlaces
          .filter(([pattern]) => pattern.test(text))
          .map(([, what]) => `${path}: mentions ${what}`),
  );

/** The lockfile takes packages from whatever registry is configured. */
export const lockfileNamesNoHost: Rule = (files) =>
  /"resolved": "(?!packages\/|examples\/)/.test(files.get('package-lock.json') ?? '')
    ? ['package-lock.json: names a registry; install with omit-lockfile-registry-resolved']
    : [];
