// The document that a number falls back on while the application can't be reached: words, perhaps a person, a polite end.
import {
  ConfigError,
  createRegistry,
  defaultLines,
  type CallInstruction,
  type TelephonyAdapter,
} from '@voicewire/core';
import { findConfig, loadConfig, type LoadConfigOptions } from '@voicewire/config';

export interface FallbackOptions extends LoadConfigOptions {
  /** What the caller hears first. Default: the agent's `connecting` line where somebody is dialled, else its `apology`. */
  readonly say?: string | undefined;
  /** A number or address that the caller is connected to. Default: the ladder's `person`. */
  readonly to?: string | undefined;
  /** BCP 47, of the text. Default: the agent's. */
  readonly language?: string | undefined;
}

/**
 * In the format of the first configured carrier that takes documents; without a configuration, or where it names no carrier,
 * in Twilio's. Throws a ConfigError for a wrong configuration, and for carriers that take none.
 */
export async function fallback({ say, to, language, ...options }: FallbackOptions = {}): Promise<string> {
  const file = options.file ?? findConfig(options.cwd ?? process.cwd());
  const loaded = file === undefined ? undefined : await loadConfig({ ...options, file });
  const lines = { ...defaultLines, ...loaded?.agent?.lines };
  const person = to ?? loaded?.config.ladder?.person;
  const spoken = (text: string): CallInstruction => ({
    type: 'say',
    text,
    language: language ?? loaded?.agent?.language,
  });
  const instructions: readonly CallInstruction[] =
    person === undefined
      ? [spoken(say ?? lines.apology), { type: 'hangup' }]
      : // Who comes back from there has talked to somebody, or to nobody: a document that stands still can't know.
        [
          spoken(say ?? lines.connecting),
          { type: 'dial', to: person },
          spoken(lines.goodbye),
          { type: 'hangup' },
        ];
  const respond = await responderOf(loaded?.providers.telephony ?? []);
  return respond(instructions).text();
}

/** Of whoever has named no carrier yet. Nothing is asked of it: its document needs no account. */
const usualCarrier = { use: 'twilio', accountSid: 'none', authToken: 'none' };

async function responderOf(
  telephony: readonly TelephonyAdapter[],
): Promise<NonNullable<TelephonyAdapter['respond']>> {
  const carriers = telephony.filter(({ webhook }) => webhook !== undefined);
  const asked =
    carriers.length > 0
      ? carriers
      : (await createRegistry().load({ stt: 'media', telephony: usualCarrier })).telephony;
  const found = asked.find(({ respond }) => respond !== undefined);
  if (found?.respond !== undefined) return found.respond.bind(found);
  throw new ConfigError({
    code: 'config.no_fallback',
    path: 'telephony',
    message: 'these carriers are steered by commands: they take no document to fall back on',
    found: asked.map(({ provider }) => provider).join(', '),
  });
}
