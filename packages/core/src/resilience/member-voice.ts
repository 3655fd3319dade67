// With which voice a member of a chain speaks: a voice's name means nothing to another vendor.
import type { SpeakOptions, TtsAdapter } from '../spec/tts.js';

/** Its own of the record. A single name is the primary's, and goes to members of the same provider only. */
export function voiceOf(
  member: TtsAdapter | undefined,
  primary: TtsAdapter | undefined,
  { voice, voices }: Pick<SpeakOptions, 'voice' | 'voices'>,
): string | undefined {
  if (member === undefined) return undefined;
  if (voices !== undefined) return voices[member.provider];
  return member.provider === primary?.provider ? voice : undefined;
}
