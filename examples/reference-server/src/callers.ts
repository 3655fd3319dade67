// The recorded callers that ship with the demo: files, what they say, and when.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const word = z.object({ text: z.string(), startMs: z.number(), endMs: z.number() });
const callerSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  utterances: z.array(z.object({ file: z.string(), text: z.string(), words: z.array(word) })),
});

export type Caller = z.infer<typeof callerSchema>;

const folder = new URL('../callers/', import.meta.url);

/** Each utterance's `file` is an absolute path. */
export function listCallers(): readonly Caller[] {
  const listed = z
    .array(callerSchema)
    .parse(JSON.parse(readFileSync(new URL('callers.json', folder), 'utf8')));
  return listed.map((caller) => ({
    ...caller,
    utterances: caller.utterances.map((utterance) => ({
      ...utterance,
      file: fileURLToPath(new URL(utterance.file, folder)),
    })),
  }));
}
