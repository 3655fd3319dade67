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
  /** Ends the call early; what was asked to be saved is saved. */
  readonly signal?: AbortSignal | undefined;
}

function ownTerminal(): Terminal {
  const controller = new AbortController();
  process.once('SIGINT', () => {
    controller.abort();
  });
  const { stdin: input, stdout: output, stderr: errors } = process;
  return { input, output, errors, signal: controller.signal };
}

/** Returns the exit code: 0 when the call came to a good end. */
export async function talkInTerminal(
  args: TalkArguments,
  terminal: Terminal = ownTerminal(),
): Promise<number> {
  const { output, errors, signal } = terminal;
  const keyboard = args.wav === undefined && args.say === undefined ? openKeyboard(terminal) : undefined;
  const show = (text: string): void => {
    if (args.json !== true) output.write(text);
  };
  try {
    const { agent, providers, config } = await loadConfig({ file: args.config });
    if (agent === undefined)
      throw new ConfigError({
        code: 'config.no_agent',
        path: 'agent',
        message: 'there is nobody to talk to: name a module that exports an agent',
      });
    const source: CallerSource = keyboard?.source ?? (await sourceOf(args));
    show(introduction(agent.name, providers, source));
    const { result, wav } = await talk({
      agent,
      providers,
      source,
      turn: config.turn,
      budgets: config.budgets,
      ladder: config.ladder,
      signal,
      onEvent: (event) => output.write(args.json === true ? `${JSON.stringify(event)}\n` : describe(event)),
    });
    if (args.out !== undefined) {
      await writeFile(args.out, wav);
      show(`Saved ${args.out}: caller left, agent right.\n`);
    }
    // A caller who was told of trouble and left is no success either.
    const isDegraded = result.log.some(({ type }) => type === 'degraded');
    return isDegraded || result.reason === 'providers-failed' || result.reason === 'error' ? 1 : 0;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    errors.write(`${error.message}\n`);
    return 1;
  } finally {
    keyboard?.close();
  }
}

/**
 * Lines as a person types them, kept from now on: whoever pipes them in does not wait for the call to begin. Closed when the
 * call is over, else the process would wait for the next.
 */
function openKeyboard({ input }: Terminal): { readonly source: CallerSource; close(): void } {
  const keyboard = createInterface({ input, terminal: false });
  const typed = keyboard[Symbol.asyncIterator]();
  const lines = { [Symbol.asyncIterator]: () => typed };
  return {
    source: { kind: 'text', pace: 'person', lines },
    close: () => {
      keyboard.close();
    },
  };
}

async function sourceOf({ wav, say = '' }: TalkArguments): Promise<CallerSource> {
  if (wav === undefined) return { kind: 'text', pace: 'script', lines: fromList(say.split('|')) };
  const { audio, format } = readWav(await readFile(wav));
  return { kind: 'recording', audio, format };
}

async function* fromList(lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(line.trim());
}

type Chain = readonly { readonly provider: string }[];

/** Who is called, and what each stage is. Test doubles are called what they are. */
function introduction(name: string, { stt, llm, tts }: LoadedProviders, source: CallerSource): string {
  const names = (chain: Chain | undefined, what: string): string =>
    chain
      ?.map(({ provider }) => (provider === 'scripted' ? `a script, not a ${what}` : provider))
      .join(', then ') ?? 'none';
  const ears = source.kind === 'text' ? 'what you type' : stt === 'media' ? 'none' : names(stt, 'recogniser');
  const hint = source.kind === 'text' ? 'Type what the caller says; digits are keys; end with Ctrl+D.\n' : '';
  return `Calling ${name}. Ears: ${ears}. Mind: ${names(llm, 'language model')}. Voice: ${names(tts, 'voice')}.\n${hint}\n`;
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
