// One configuration for every package's tests: packages resolve to their sources, so no build comes first.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const packages = fileURLToPath(new URL('./packages/', import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@voicewire\/([^/]+)\/client$/, replacement: `${packages}$1/src/client/index.ts` },
      { find: /^@voicewire\/([^/]+)\/([^/]+)$/, replacement: `${packages}$1/src/$2.ts` },
      { find: /^@voicewire\/([^/]+)$/, replacement: `${packages}$1/src/index.ts` },
      { find: /^voicewire$/, replacement: `${packages}cli/src/index.ts` },
    ],
  },
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/*/test/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
      'examples/*/src/**/*.test.ts',
      'templates/*/test/**/*.test.ts',
      'tests/**/*.test.ts',
    ],
    // A guard against hanging, no promise of speed: type-aware linting alone takes long on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
