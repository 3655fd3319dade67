// Lint rules for the whole repository: type-aware, and the bans that keep time, failure and shutdown in one place.
import prettier from 'eslint-config-prettier';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const tests = ['**/*.test.ts', '**/*.test.tsx', '**/test/**', 'tests/**'];
const shipped = ['packages/*/src/**/*.{ts,tsx}', 'templates/*/src/**/*.ts'];
const adapters = ['packages/{stt,tts,llm,telephony}-*/src/**/*.ts', 'templates/*/src/**/*.ts'];
const browser = ['packages/dashboard/src/**/*.{ts,tsx}', 'packages/telephony-browser/src/client/**/*.ts'];

const syntaxBans = [
  { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
  { selector: 'ExportDefaultDeclaration', message: 'Name what you export.' },
];

const shippedBans = [
  ...syntaxBans,
  {
    selector: "ThrowStatement > NewExpression[callee.name='Error']",
    message: 'Throw one of the typed errors: nobody above can tell bare errors apart.',
  },
  {
    selector: "CallExpression[callee.property.name='removeAllListeners']",
    message: 'It removes listeners of others too, the error listener among them. Remove the ones you added.',
  },
  {
    selector: "MemberExpression[object.name='AbortSignal'][property.name='any']",
    message:
      'It leaks on signals that live as long as a call. Use a child controller and remove its listener.',
  },
];

const raceBan = {
  selector: "MemberExpression[object.name='Promise'][property.name='race']",
  message: 'The losers keep their closures until they settle. Use the deadline of the kit.',
};

const wallClockBan = {
  selector: "NewExpression[callee.name='Date'][arguments.length=0]",
  message: 'Time comes from a Clock.',
};

const timers = ['setTimeout', 'setInterval', 'setImmediate'];

/** Core and adapters take time and timers from a Clock, so that a whole call runs in virtual time. */
const clockRules = {
  'no-restricted-globals': [
    'error',
    ...timers.map((name) => ({ name, message: 'Timers come from a Clock.' })),
  ],
  'no-restricted-properties': [
    'error',
    ...timers.map((property) => ({ object: 'globalThis', property, message: 'Timers come from a Clock.' })),
    { object: 'Date', property: 'now', message: 'Time comes from a Clock.' },
    { object: 'performance', property: 'now', message: 'Time comes from a Clock.' },
  ],
};

const typedRules = {
  '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
  // `return handle(event)` is how a switch hands on.
  '@typescript-eslint/no-confusing-void-expression': 'off',
  '@typescript-eslint/no-import-type-side-effects': 'error',
  '@typescript-eslint/no-unused-vars': [
    'error',
    { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none', ignoreRestSiblings: true },
  ],
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
  // Letters of a text are its code points: that is what spreading gives.
  '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
  // TypeScript does not see what callbacks assign.
  '@typescript-eslint/no-unnecessary-condition': 'off',
  // Objects are made by factories: their methods close over what they need and may be handed on.
  '@typescript-eslint/unbound-method': 'off',
  // A method that fulfils an async contract needs no await of its own.
  '@typescript-eslint/require-await': 'off',
  // A provider's messages grow new members; a switch over them ends in `default`.
  '@typescript-eslint/switch-exhaustiveness-check': [
    'error',
    { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
  ],
  eqeqeq: 'error',
  'no-restricted-syntax': ['error', ...syntaxBans],
};

export default defineConfig(
  { ignores: ['**/dist/', '**/node_modules/', '**/coverage/', '.cache/', '.turbo/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './tsconfig.browser.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: typedRules,
  },
  { files: ['**/*.{js,mjs}'], extends: [tseslint.configs.recommended] },
  {
    files: shipped,
    ignores: tests,
    rules: { 'no-restricted-syntax': ['error', ...shippedBans], 'no-console': 'error' },
  },
  {
    files: ['packages/core/src/**/*.ts', ...adapters],
    ignores: [...tests, ...browser, '**/fake.ts', 'packages/core/src/clock/system-clock.ts'],
    rules: { ...clockRules, 'no-restricted-syntax': ['error', ...shippedBans, raceBan, wallClockBan] },
  },
  { files: ['packages/cli/src/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: browser,
    ignores: ['packages/dashboard/src/index.ts', ...tests],
    rules: {
      'no-restricted-globals': ['error', 'process', 'Buffer', '__dirname'],
      'no-restricted-imports': ['error', { patterns: ['node:*'] }],
    },
  },
  {
    // A test may look a value up that must be there, and read JSON it wrote itself.
    files: tests,
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  { files: ['*.config.{ts,js}', '*/*/*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
  prettier,
);
