// A headless Chromium for tests, where the machine has one: CHROMIUM_PATH or Debian's.
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const path = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** Why the tests in a browser are skipped; undefined where they are not. */
export const noChromium = existsSync(path) ? undefined : `no Chromium at ${path}; set CHROMIUM_PATH`;

/** With a microphone that beeps, or plays `microphoneWav` once, for pages that have the permission. */
export function launchChromium(microphoneWav?: string): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-fake-device-for-media-stream',
      ...(microphoneWav === undefined ? [] : [`--use-file-for-fake-audio-capture=${microphoneWav}%noloop`]),
    ],
  });
}
