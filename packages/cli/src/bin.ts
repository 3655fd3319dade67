// `npx voicewire`: what was asked for is loaded, and nothing else.
import { defineCommand, runMain } from 'citty';

const config = {
  type: 'string',
  description: 'Configuration file. Default: the nearest voicewire.config.*',
} as const;

const talk = defineCommand({
  meta: { name: 'talk', description: 'Talk to the agent: type as the caller, or play a recorded one' },
  args: {
    config,
    wav: { type: 'string', description: 'Play this WAV file as the caller, through the configured ears' },
    say: { type: 'string', description: 'Say this instead of reading the keyboard; lines apart by "|"' },
    out: { type: 'string', description: 'Save the call as stereo WAV: caller left, agent right' },
    json: { type: 'boolean', description: 'The call log as JSON lines, and nothing else' },
  },
  async run({ args }) {
    const { talkInTerminal } = await import('./talk-in-terminal.js');
    process.exitCode = await talkInTerminal(args);
  },
});

const doctor = defineCommand({
  meta: { name: 'doctor', description: 'Check configuration, keys, reachability and formats' },
  args: { config, json: { type: 'boolean', description: 'The report as JSON' } },
  async run({ args }) {
    const { doctorInTerminal } = await import('./doctor-in-terminal.js');
    process.exitCode = await doctorInTerminal(args);
  },
});

// Whoever reads our output may have enough of it: `voicewire talk --json | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

await runMain(
  defineCommand({
    meta: { name: 'voicewire', description: 'Voice calls by machine, for people who build them' },
    subCommands: { talk, doctor },
  }),
);
