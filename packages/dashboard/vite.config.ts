// The page is built to dist/app; the package's own entry, by tsup, to dist.
import tailwind from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const phone = fileURLToPath(new URL('../telephony-browser/src/', import.meta.url));

/** Vite collects the licences of scripts; a font comes in through the style sheet, and its licence wants to go with it. */
const fontLicence: Plugin = {
  name: 'font-licence',
  generateBundle() {
    const path = createRequire(import.meta.url).resolve('@fontsource-variable/hanken-grotesk/LICENSE');
    this.emitFile({ type: 'asset', fileName: 'license-font.txt', source: readFileSync(path) });
  },
};

export default defineConfig({
  root: fileURLToPath(new URL('./src/app/', import.meta.url)),
  plugins: [react(), tailwind(), fontLicence],
  resolve: {
    // From the sources, so that no other package has to be built before this one.
    alias: [
      { find: /^@voicewire\/telephony-browser\/client$/, replacement: `${phone}client/index.ts` },
      { find: /^@voicewire\/telephony-browser\/worklet/, replacement: `${phone}worklet/index.ts` },
    ],
  },
  build: {
    outDir: fileURLToPath(new URL('./dist/app/', import.meta.url)),
    emptyOutDir: true,
    // The content policy allows no data: URLs.
    assetsInlineLimit: 0,
    license: { fileName: 'licenses.md' },
    target: 'es2022',
  },
});
