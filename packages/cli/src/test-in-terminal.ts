// `voicewire test`: results on the screen as they come, or as JSON, and as JUnit XML for those who collect them.
import { writeFile } from 'node:fs/promises';
import { ConfigError } from '@voicewire/core';
import { toJUnit, type Finding, type ScenarioVerdict } from '@voicewire/testing';
import { testScenarios, type TestedScenario } from './test-scenarios.js';

/** As the command line gives them. */
export interface TestArguments {
  readonly files?: readonly string[] | undefined;
  readonly config?: string | undefined;
  readonly repeat?: string | undefined;
  readonly seed?: string | undefined;
  readonly 'min-pass-rate'?: string | undefined;
  readonly junit?: string | undefined;
  readonly json?: boolean | undefined;
  readonly 'real-time'?: boolean | undefined;
}

export interface TestTerminal {
  readonly output: NodeJS.WritableStream;
  readonly errors: NodeJS.WritableStream;
  /** Ends the call that is being played; no other begins. */
  readonly signal?: AbortSignal | undefined;
}

function ownTerminal(): TestTerminal {
  const controller = new AbortController();
  process.once('SIGINT', () => {
    controller.abort();
  });
  const { stdout: output, stderr: errors } = process;
  return { output, errors, signal: controller.signal };
}

/** Returns the exit code: 0 when every scenario passed often enough. */
export async function testInTerminal(
  args: TestArguments,
  { output, errors, signal }: TestTerminal = ownTerminal(),
): Promise<number> {
  try {
    const tested = await testScenarios({
      files: args.files === undefined || args.files.length === 0 ? undefined : args.files,
      config: { file: args.config },
      repeat: numberOf(args, 'repeat', { least: 1, isWhole: true }),
      seed: numberOf(args, 'seed', { least: 0, isWhole: true }),
      minPassRate: numberOf(args, 'min-pass-rate', { least: 0, most: 1 }),
      isRealTime: args['real-time'],
      signal,
      onResult: (one) => {
        if (args.json !== true) output.write(describe(one, args));
      },
    });
    output.write(args.json === true ? `${JSON.stringify(tested.map(toJson), undefined, 2)}\n` : sum(tested));
    if (args.junit !== undefined) await writeFile(args.junit, toJUnit(tested));
    return signal?.aborted !== true && tested.every(({ result }) => result.passed) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    errors.write(`${error.message}\n`);
    return 1;
  }
}

function numberOf(
  args: TestArguments,
  name: 'repeat' | 'seed' | 'min-pass-rate',
  { least, most = Infinity, isWhole = false }: { least: number; most?: number; isWhole?: boolean },
): number | undefined {
  const text = args[name];
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
  throw new ConfigError({
    code: 'config.invalid_option',
    path: `--${name}`,
    message: 'this value is not allowed',
    found: text,
    allowed: `${isWhole ? 'a whole number' : 'a number'} from ${least}${most === Infinity ? '' : ` to ${most}`}`,
  });
}

/** A line for what passed; for what did not also what was found, and the first such call. */
function describe(tested: TestedScenario, args: TestArguments): string {
  const { result, file } = tested;
  const { runs } = result;
  const failed = runs.filter(({ passed }) => !passed);
  const unchecked = (runs[0]?.findings ?? []).filter(({ status }) => status === 'not-checked').length;
  const facts = [
    runs.length === 1 ? '' : `${runs.length - failed.length} of ${runs.length} runs`,
    `${seconds(callMs(runs))} of call`,
    unchecked === 0 ? '' : `${unchecked} not checked`,
  ].filter((fact) => fact !== '');
  const head = `${result.passed ? '✓' : '✗'} ${result.name}  (${facts.join(', ')})\n`;
  const [first, ...others] = failed;
  if (first === undefined) return head;
  const broken = first.findings.filter(({ status }) => status === 'broken');
  return [
    head,
    ...broken.map((finding) => describeFinding(finding, tested)),
    ...first.transcript.map((line) => `  ${line}\n`),
    others.length === 0 ? '' : `  also with seed ${others.map(({ seed }) => seed).join(', ')}\n`,
    `  again: voicewire test ${file} --seed ${first.seed}${sameAs(args)}\n\n`,
  ].join('');
}

/** What else of the command line decides how a call goes. */
function sameAs({ config, 'real-time': isRealTime }: TestArguments): string {
  return `${config === undefined ? '' : ` --config ${config}`}${isRealTime === true ? ' --real-time' : ''}`;
}

function describeFinding({ path, expected, found, atMs }: Finding, { file, lineOf }: TestedScenario): string {
  const line = lineOf(path);
  const place = line === undefined ? file : `${file}:${line}`;
  const time = atMs === undefined ? '' : ` (at ${seconds(atMs)})`;
  return `  ${place}: ${path}\n    expected: ${expected}\n    found:    ${found}${time}\n`;
}

function callMs(runs: readonly ScenarioVerdict[]): number {
  return runs.reduce((sum, run) => sum + run.callMs, 0);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function sum(tested: readonly TestedScenario[]): string {
  const passed = tested.filter(({ result }) => result.passed).length;
  const runs = tested.flatMap(({ result }) => result.runs);
  const tookMs = tested.reduce((total, one) => total + one.tookMs, 0);
  const share = runs.length === 0 ? 0 : (100 * runs.filter((run) => run.passed).length) / runs.length;
  const rate = runs.length === tested.length ? '' : `; ${runs.length} runs, ${share.toFixed(1)} % passed`;
  return `\n${passed} of ${tested.length} passed${rate}; ${seconds(callMs(runs))} of calls in ${seconds(tookMs)}\n`;
}

function toJson({ file, result, tookMs, lineOf }: TestedScenario): object {
  const { name, passed, passRate, minPassRate } = result;
  const runs = result.runs.map((run) => ({
    seed: run.seed,
    passed: run.passed,
    callMs: run.callMs,
    findings: run.findings.map((finding) => ({ ...finding, line: lineOf(finding.path) })),
    transcript: run.transcript,
  }));
  return { file, name, passed, passRate, minPassRate, tookMs, runs };
}
