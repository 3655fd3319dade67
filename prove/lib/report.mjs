// What the runs found, as docs/reliability.md.

export function writeReport(results, machine) {
  const done = results.filter(({ result }) => result?.figures !== undefined);
  const missing = results.filter(({ result }) => result?.figures === undefined).map(({ part }) => part.name);
  const lines = [
    '# Reliability',
    '',
    'What Voicewire promises when something goes wrong, and what the last runs found. `npm run prove` repeats all of it and writes this page; it takes less than three hours. Each part is a command of its own and resumes where it stopped: `npm run prove -- --only soak --again`.',
    '',
    `Machine: ${machine}; the load generator and all fake providers share it. Promises about words, crashes, leaks and stuck calls hold or the run fails; times depend on the machine and are reported as they were.`,
    '',
    ...(missing.length > 0 ? [`Not run yet: ${missing.join(', ')}.`, ''] : []),
    ...done.flatMap(({ part, result }) => section(part, result)),
    'Each fault of real calls and the tests that hold its promise: [faults](reference/faults.md).',
    '',
  ];
  return lines.join('\n');
}

function section(part, { figures, minutes, at, revision, code }) {
  const rows = part.rows(figures);
  return [
    `## ${part.what[0].toUpperCase()}${part.what.slice(1)}`,
    '',
    `\`npm run ${part.name === 'breaker' ? 'prove -- --only breaker --again' : part.name}\`, ${at.slice(0, 10)}, ${minutes} minutes${revision === undefined ? '' : `, revision ${revision}`}${code === 0 ? '' : '; **a hard promise did not hold**'}.`,
    '',
    '| promise | | found |',
    '| --- | --- | --- |',
    ...rows.map(([name, met, found]) => `| ${name} | ${met} | ${escape(found)} |`),
    '',
  ];
}

function escape(text) {
  return String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
}
