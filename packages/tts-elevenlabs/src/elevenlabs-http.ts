// One request for each utterance: all that the v3 models know.
import {
  createWordTiming,
  openHttpStream,
  parseNdjson,
  type TtsFeed,
  type TtsLine,
} from '@voicewire/core/adapter';
import type { ElevenLabsSettings } from './elevenlabs-options.js';
import { modelOf, owner, readLine, readRefusal, type Speaker, speechUrl } from './elevenlabs-wire.js';

/** https://elevenlabs.io/docs/api-reference/text-to-speech/stream-with-timestamps */
export function openRequests(
  settings: ElevenLabsSettings,
  speaker: Speaker,
  headers: Readonly<Record<string, string>>,
): TtsLine {
  let resumed: Promise<void> | undefined;
  let resume = (): void => undefined;

  async function speak(text: string, feed: TtsFeed, signal: AbortSignal): Promise<void> {
    const words = createWordTiming();
    words.write(text);
    const own = { ...modelOf(settings, speaker), text, voice_settings: settings.voiceSettings };
    const { body } = await openHttpStream({
      ...owner,
      url: speechUrl(settings, speaker, 'stream/with-timestamps').href.replace(/^ws/, 'http'),
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ ...settings.parameters, ...own }),
      signal,
      readRefusal: (refusal) => readRefusal(refusal.body),
    });
    for await (const line of parseNdjson(body, owner)) {
      const { audio, letters } = readLine(line);
      feed.words(words.hear(letters));
      feed.audio(audio);
      await resumed;
    }
    feed.finish();
  }

  return {
    speak: (feed) => {
      const controller = new AbortController();
      let text = '';
      return {
        write: (more) => void (text += more),
        // Nothing is spoken before the text has ended.
        flush: () => undefined,
        end: () => void speak(text, feed, controller.signal).catch((error: unknown) => feed.fail(error)),
        close: () => controller.abort(),
      };
    },
    close: () => undefined,
    pause: () => {
      resumed = new Promise((resolve) => (resume = resolve));
    },
    resume: () => resume(),
  };
}
