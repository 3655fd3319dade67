// The parts of `npm run prove`: how each is run, what it promises, and how its figures read in a table.

/** The last line that is JSON. */
function lastJson(output) {
  const line = output
    .trim()
    .split('\n')
    .findLast((one) => one.startsWith('{') || one.startsWith('['));
  return line === undefined ? undefined : JSON.parse(line);
}

const script = (name, ...args) => [`prove/${name}.mjs`, '--json', ...args];
const checksOf = ({ checks = [] }) =>
  checks.map(({ name, isMet, found, kind }) => [
    name,
    isMet ? 'met' : kind === 'time' ? 'missed (time)' : 'MISSED',
    found,
  ]);

/** What this process itself computed in its longest stall: attackers, fakes and witnesses included. */
const ownStall = ({ surfaces }) => Math.max(0, ...surfaces.map(({ stall }) => stall?.ownMs ?? 0));

export const parts = [
  {
    name: 'simulate',
    what: '10,000 calls by chance in virtual time',
    command: script('simulate', '--calls', '10000'),
    read: lastJson,
    rows: (figures) => [
      [
        'calls stuck, invariants broken',
        figures.failures.length === 0 ? 'met' : 'MISSED',
        `${figures.failures.length} of ${figures.calls} calls' batches`,
      ],
      [
        'simulated call-seconds per CPU-second, at least 1,000',
        figures.callSecondsPerCpuSecond >= 1_000 ? 'met' : 'missed (time)',
        `${figures.callSecondsPerCpuSecond}`,
      ],
      [
        'calls in which a provider failed; that went down the ladder',
        '',
        `${figures.faulty}; ${figures.degraded}`,
      ],
    ],
  },
  {
    name: 'breaker',
    what: 'the breaker against its model, 100,000 sequences',
    command: [
      'npx',
      'vitest',
      'run',
      'packages/core/src/resilience/breaker-model.test.ts',
      '--reporter=json',
    ],
    env: { VOICEWIRE_MODEL_RUNS: '100000' },
    read: (output) => lastJson(output),
    rows: ({ numPassedTests, numFailedTests }) => [
      [
        'one probe, never stuck, stale results ignored, recovery in rest + 1 s, six switches a minute',
        numFailedTests === 0 ? 'met' : 'MISSED',
        `${numPassedTests} properties hold over 100,000 sequences each`,
      ],
    ],
  },
  {
    name: 'chaos',
    what: 'stage × fault × word on sockets',
    command: script('chaos'),
    read: lastJson,
    rows: checksOf,
  },
  {
    name: 'hang-up',
    what: 'the caller leaves at every 10 ms of five seconds',
    command: script('hang-up'),
    read: lastJson,
    rows: (figures) => [
      [
        'provider sockets closed within 500 ms',
        figures.stillOpen.length > 0 ? 'MISSED' : figures.late.length > 0 ? 'missed (time)' : 'met',
        `p50 ${figures.closedMs.p50} ms, at most ${figures.closedMs.max} ms, ${figures.connections} connections of ${figures.calls} calls`,
      ],
      [
        'bytes a second after',
        figures.bytesAfterASecond.length === 0 ? 'met' : 'MISSED',
        `in ${figures.bytesAfterASecond.length} calls`,
      ],
      [
        'a provider that was told the end is sent nothing more',
        figures.afterTheEnd.length === 0 ? 'met' : 'MISSED',
        `sent in ${figures.afterTheEnd.length} calls`,
      ],
    ],
  },
  {
    name: 'isolation',
    what: 'one poisoned call of a hundred',
    command: script('isolation'),
    read: lastJson,
    rows: checksOf,
  },
  {
    name: 'overload',
    what: 'twice the calls that are taken',
    command: script('overload'),
    read: lastJson,
    rows: (figures) => [
      ['calls taken, offered', '', `${figures.taken}, ${figures.offered}`],
      ['more than 200 ms added to a turn', '', `at ${figures.realTimeLostAt} calls`],
      ...checksOf(figures),
    ],
  },
  {
    name: 'fuzz',
    what: '10,000 broken inputs on every surface',
    command: script('fuzz'),
    read: lastJson,
    rows: (figures) => [
      [
        'crashes, unhandled rejections, untyped errors',
        figures.problems === 0 ? 'met' : 'MISSED',
        `${figures.problems} in ${figures.cases} inputs on ${figures.surfaces.length} surfaces`,
      ],
      [
        '20 live calls unharmed',
        figures.witnesses.harmed.length === 0 ? 'met' : 'MISSED',
        `${figures.witnesses.harmed.length} harmed, ${figures.witnesses.turns} turns`,
      ],
      [
        'event loop held for at most 50 ms',
        ownStall(figures) <= 50 ? 'met' : 'missed (time)',
        `${ownStall(figures)} ms of our own, ${figures.longestStallMs} ms with what else the machine did`,
      ],
    ],
  },
  {
    name: 'soak',
    what: 'one call of eight hours, and twenty minutes of short ones with faults',
    command: script('soak'),
    read: lastJson,
    rows: (figures) => [
      ['short calls, minutes', '', `${figures.calls}, ${figures.minutes}`],
      [
        'connections, of which failed',
        '',
        `${figures.connections.connections}, ${figures.connections.faults}`,
      ],
      ...checksOf(figures),
    ],
  },
];
