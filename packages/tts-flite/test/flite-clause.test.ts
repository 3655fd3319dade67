// One clause at a seat that only notes what it is asked: what becomes a job, and what is no speech.
import type { TtsFeed } from '@voicewire/core/adapter';
import { expect, test } from 'vitest';
import { speakClause } from '../src/flite-clause.js';
import type { Speech, Task } from '../src/flite-thread.js';
import { mulaw8k } from './speaking.js';

function start() {
  const tasks: Task[] = [];
  const told: unknown[] = [];
  const seen = { forgotten: 0 };
  const seat = {
    speak(task: Task) {
      tasks.push(task);
      return () => (seen.forgotten += 1);
    },
    leave: () => undefined,
  };
  const feed: TtsFeed = {
    audio: (bytes) => told.push(['audio', bytes.length]),
    words: (words) => told.push(['words', words.length]),
    finish: () => told.push('finished'),
    fail: (error) => told.push(error),
  };
  return { clause: speakClause({ seat, voice: 'kal', format: mulaw8k, feed }), tasks, told, seen };
}

/** A file without samples, as flite writes it when there is nothing to say. */
const silent: Speech = { wav: new Uint8Array(44), phones: 'pau:0.220 \n', wordPhones: [] };

test('nothing is asked for before the end', () => {
  const { clause, tasks } = start();
  clause.write('one ');
  clause.flush();
  clause.write('“two”');
  expect(tasks).toHaveLength(0);
  clause.end();
  expect(tasks).toEqual([
    expect.objectContaining({ voice: 'kal', text: 'one "two"', words: ['one', '"two"'] }),
  ]);
});

test('what can’t be said is a short silence', () => {
  const { clause, tasks, told } = start();
  clause.write('日本語');
  clause.end();
  tasks[0]?.onSpeech(silent);
  expect(told).toEqual([['words', 0], ['audio', 1_600], 'finished']);
});

test('closing forgets the job', () => {
  const { clause, seen } = start();
  clause.write('one');
  clause.end();
  clause.close();
  expect(seen.forgotten).toBe(1);
});

test.each([
  ['no file', { ...silent, wav: new Uint8Array(0) }],
  ['a file that is none', { ...silent, phones: 'pau:0.220 ay:0.400 pau:0.620' }],
])('%s is a failure, not a success without audio', (_, speech) => {
  const { clause, tasks, told } = start();
  clause.write('one');
  clause.end();
  tasks[0]?.onSpeech(speech);
  expect(told).toEqual([expect.objectContaining({ class: 'protocol', provider: 'flite', stage: 'tts' })]);
});
