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

const test = defineCommand({
  meta: { name: 'test', description: 'Play scenario files against the agent, and judge what it does' },
  args: {
    files: {
      type: 'positional',
      required: false,
      description: 'Scenario files, or folders of them. Default: scenarios/ beside the configuration',
    },
    config,
    repeat: {
      type: 'string',
      valueHint: 'n',
      description: 'Play each n times, with seeds 1 to n. Default 1',
    },
    seed: { type: 'string', valueHint: 'n', description: 'The first seed: plays a call that failed again' },
    'min-pass-rate': {
      type: 'string',
      valueHint: '0…1',
      description: 'The share of runs of each scenario that has to pass. Default 1',
    },
    junit: { type: 'string', valueHint: 'file', description: 'Write the results as JUnit XML' },
    json: { type: 'boolean', description: 'The results as JSON, and nothing else' },
    'real-time': {
      type: 'boolean',
      description: 'On the configured providers, in real time; not those that say time: virtual',
    },
  },
  async run({ args }) {
    const { testInTerminal } = await import('./test-in-terminal.js');
    process.exitCode = await testInTerminal({ ...args, files: args._ });
  },
});

const fallback = defineCommand({
  meta: {
    name: 'fallback',
    description: 'Print the document that a number falls back on while the application is down',
  },
  args: {
    config,
    say: { type: 'string', description: "What the caller hears. Default: the agent's own words for trouble" },
    to: {
      type: 'string',
      valueHint: '+number',
      description: 'Connect the caller to this number. Default: ladder.person',
    },
    language: { type: 'string', valueHint: 'tag', description: "Of the text. Default: the agent's" },
  },
  async run({ args }) {
    const { fallbackInTerminal } = await import('./fallback-in-terminal.js');
    process.exitCode = await fallbackInTerminal(args);
  },
});

// Whoever reads our output may have enough of it: `voicewire talk --json | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

await runMain(
  defineCommand({
    meta: { name: 'voicewire', description: 'Voice calls by machine, for people who build them' },
    subCommands: { talk, test, doctor, fallback },
  }),
);
