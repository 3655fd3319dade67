// `voicewire talk`: arguments in, a call on the screen, files out.
import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { ConfigError, type CallEvent, type LoadedProviders } from '@voicewire/core';
import { readWav } from '@voicewire/core/adapter';
import { loadConfig } from '@voicewire/config';
import { talk, type CallerSource } from './talk.js';

export interface TalkArguments {
  readonly config?: string | undefined;
  readonly wav?: string | undefined;
  readonly say?: string | undefined;
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
}

export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly errors: NodeJS.WritableStream;
}

const ownTerminal: Terminal = { input: process.stdin, output: process.stdout, errors: process.stderr };

/** Returns the exit code: 0 when the call came to a good end. */
export async function talkInTerminal(args: TalkArguments, terminal: Terminal = ownTerminal): Promise<number> {
  const { output, errors } = terminal;
  try {
    const { agent, providers, config } = await loadConfig({ file: args.config });
    if (agent === undefined)
      throw new ConfigError({
        code: 'config.no_agent',
        path: 'agent',
        message: 'name a module that exports an agent',
      });
    const source = await sourceOf(args, terminal);
    if (args.json !== true) output.write(introduction(agent.name, providers, source));
    const { result, wav } = await talk({
      agent,
      providers,
      source,
      turn: config.turn,
      budgets: config.budgets,
      onEvent: (event) => output.write(args.json === true ? `${JSON.stringify(event)}\n` : describe(event)),
    });
    if (args.out !== undefined) {
      await writeFile(args.out, wav);
      if (args.json !== true) output.write(`Saved ${args.out}: caller left, agent right.\n`);
    }
    return result.reason === 'providers-failed' || result.reason === 'error' ? 1 : 0;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    errors.write(`${error.message}\n`);
    return 1;
  }
}

async function sourceOf({ wav, say }: TalkArguments, { input, output }: Terminal): Promise<CallerSource> {
  if (wav !== undefined) {
    const { audio, format } = readWav(await readFile(wav));
    return { kind: 'recording', audio, format };
  }
  if (say !== undefined) return { kind: 'text', lines: fromList(say.split('|')) };
  const lines = createInterface({ input, output, terminal: false });
  return { kind: 'text', lines };
}

async function* fromList(lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(line.trim());
}

function introduction(name: string, { stt, llm, tts }: LoadedProviders, source: CallerSource): string {
  const names = (chain: readonly { readonly provider: string }[] | undefined): string =>
    chain?.map(({ provider }) => provider).join(', then ') ?? 'none';
  const ears = source.kind === 'text' ? 'what you type' : stt === 'media' ? 'none' : names(stt);
  const hint = source.kind === 'text' ? 'Type what the caller says; digits are keys; end with Ctrl+D.\n' : '';
  return `Calling ${name}. Ears: ${ears}. Mind: ${names(llm)}. Voice: ${names(tts)}.\n${hint}\n`;
}

/** One event as a line on the screen; most are not worth one. */
function describe(event: CallEvent): string {
  switch (event.type) {
    case 'user-turn':
      return `caller  ${event.text}\n`;
    case 'agent-heard':
      return event.text === '' ? '' : `agent   ${event.text}${event.outcome === 'interrupted' ? ' —' : ''}\n`;
    case 'tool-started':
      return `        ${event.name} ${event.argumentsText}\n`;
    case 'tool-finished':
      return `        ${event.ok ? '→' : '✗'} ${event.result}\n`;
    case 'turn-latency': {
      const [total, ears, wait, mind, voice] = [
        event.totalMs,
        event.sttMs,
        event.endpointMs,
        event.llmMs,
        event.ttsMs,
      ].map(Math.round);
      return `        ${total} ms: ears ${ears}, waiting ${wait}, mind ${mind}, voice ${voice}\n`;
    }
    case 'provider-failed':
      return `        ${event.provider} failed (${event.code})${event.handled ? '; the next one took over' : ''}\n`;
    case 'error':
      return `        ${event.message}\n`;
    case 'call-ended':
      return `\nThe call is over (${event.reason}, ${(event.durationMs / 1000).toFixed(1)} s).\n`;
    default:
      return '';
  }
}
