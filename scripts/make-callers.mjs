// Renders the recorded callers of the demo with flite: `node scripts/make-callers.mjs`, after changing what they say.
// The same lines give the same files. Words and times come from the voice itself.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format as prettify, resolveConfig } from 'prettier';
import { root } from './lib/run.mjs';
import { setUp } from './lib/set-up.mjs';

const format = { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 };
const folder = join(root, 'examples/reference-server/callers');

/** Each line is a clip of its own: it is played when the agent has finished speaking. */
const callers = [
  {
    id: 'order-status',
    name: 'Ray',
    description: 'Asks where an order is, and is asked for its number.',
    speaker: 'rms',
    lines: ['Hi, I would like to know where my order is.', 'The number is four seven one one.'],
  },
  {
    id: 'appointment',
    name: 'Anna',
    description: 'Books an appointment for Tuesday.',
    speaker: 'slt',
    lines: [
      'I would like to book an appointment for Tuesday at ten.',
      'My name is Anna Miller.',
      'No, thank you, that is all for today.',
    ],
  },
  {
    id: 'opening-hours',
    name: 'Angus',
    description: 'Asks when the shop is open, and says goodbye.',
    speaker: 'awb',
    lines: ['When are you open on Saturday?', 'Thank you, goodbye.'],
  },
  {
    id: 'person',
    name: 'Karl',
    description: 'Wants to talk to a person.',
    speaker: 'kal16',
    lines: ['Let me talk to a person please.'],
  },
];

await setUp();
const { writeWav } = await import('@voicewire/core/adapter');
const { createFliteTts } = await import('@voicewire/tts-flite');
const { signal } = new AbortController();
const session = createFliteTts().connect({ format, signal });

await mkdir(folder, { recursive: true });
const listed = [];
for (const { lines, ...caller } of callers) {
  const utterances = [];
  for (const [index, text] of lines.entries()) {
    const { audio, words } = await speak(text, caller.speaker);
    const file = `${caller.id}-${index + 1}.wav`;
    await writeFile(join(folder, file), writeWav(audio, format));
    utterances.push({ file, text, words });
    console.log(`${file}  ${(audio.length / 32_000).toFixed(1)} s  ${caller.speaker}: ${text}`);
  }
  listed.push({ ...caller, utterances });
}
session.close();

const list = join(folder, 'callers.json');
await writeFile(
  list,
  await prettify(JSON.stringify(listed), { ...(await resolveConfig(list)), filepath: list }),
);

async function speak(text, voice) {
  const utterance = session.speak({ voice, signal, bufferedMs: () => 0 });
  utterance.write(text);
  utterance.end();
  const pieces = [];
  const words = [];
  for await (const event of utterance) {
    if (event.type === 'audio') pieces.push(event.audio);
    else {
      for (const { textStart, textEnd, startMs, endMs } of event.words) {
        words.push({ text: text.slice(textStart, textEnd), startMs, endMs });
      }
    }
  }
  return { audio: Buffer.concat(pieces), words };
}
