// A headless Chromium for tests, where the machine has one: CHROMIUM_PATH or Debian's.
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const path = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** Why the tests in a browser are skipped; undefined where they are not. */
export const noChromium = existsSync(path) ? undefined : `no Chromium at ${path}; set CHROMIUM_PATH`;

/** Plays `microphoneWav` as the microphone; pages get it only with the permission. Sound starts only after a gesture. */
export function launchChromium(microphoneWav: string): Promise<Browser> {
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
      '--autoplay-policy=document-user-activation-required',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${microphoneWav}`,
    ],
  });
}
