// `voicewire doctor`: the report as a table, or as JSON for machines.
import { doctor, type DoctorCheck } from './doctor.js';

export interface DoctorArguments {
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
}

const signs: Readonly<Record<DoctorCheck['verdict'], string>> = { ok: '✓', problem: '✗', note: '·' };

/** Returns the exit code: 1 when something has to be mended. */
export async function doctorInTerminal(
  { config, json }: DoctorArguments,
  output: NodeJS.WritableStream = process.stdout,
): Promise<number> {
  const report = await doctor({ file: config });
  if (json === true) output.write(`${JSON.stringify(report, undefined, 2)}\n`);
  else {
    const width = Math.max(...report.checks.map(({ name }) => name.length));
    for (const { name, verdict, detail } of report.checks)
      output.write(`${signs[verdict]} ${name.padEnd(width)}  ${detail}\n`);
    output.write(report.isHealthy ? '\nReady for calls.\n' : '\nMend what is marked ✗.\n');
  }
  return report.isHealthy ? 0 : 1;
}
