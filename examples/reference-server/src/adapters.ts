// The one file that imports adapter packages: what this application brings along beside what its configuration names.
import { readFileSync } from 'node:fs';
import type { BuiltInAdapters } from '@voicewire/core';
import { readWav } from '@voicewire/core/adapter';
import {
  createScriptedLlm,
  createScriptedStt,
  createVoiceMatcher,
  type KnownRecording,
} from '@voicewire/testing';
import { createBrowserTelephony } from '@voicewire/telephony-browser';
import { createFliteTts } from '@voicewire/tts-flite';
import { listCallers } from './callers.js';
import { answerAsShop } from './shop-script.js';

/** Built in; every other name in the configuration is a package. */
export const adapters: BuiltInAdapters = {
  stt: {
    scripted: () =>
      createScriptedStt({ script: createVoiceMatcher(knownRecordings()), capabilities: scriptedEars }),
  },
  llm: {
    scripted: () =>
      createScriptedLlm({ responses: answerAsShop, capabilities: { responseSchema: false, prefill: false } }),
  },
  tts: { flite: createFliteTts },
  telephony: { browser: createBrowserTelephony },
};

/** What a matcher of recordings can not do is declared so. */
const scriptedEars = { turnEvents: false, speechEvents: false, diarization: false, keyterms: false } as const;

function knownRecordings(): readonly KnownRecording[] {
  return listCallers().flatMap(({ utterances }) =>
    utterances.map(({ file, words }) => ({ ...readWav(readFileSync(file)), words })),
  );
}
