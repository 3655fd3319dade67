// Looks at a configuration as a call would, before one does: file, keys, reachability, formats.
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { ConfigError, type LoadedProviders } from '@voicewire/core';
import { describeFormat } from '@voicewire/core/adapter';
import { loadConfig, type LoadedConfig, type LoadConfigOptions } from '@voicewire/config';
import { costCheck } from './call-cost.js';

export interface DoctorOptions extends LoadConfigOptions {
  /** How long an endpoint may take to accept a connection. Default 3,000. */
  readonly reachWithinMs?: number | undefined;
}

export interface DoctorCheck {
  readonly name: string;
  readonly verdict: 'ok' | 'problem' | 'note';
  readonly detail: string;
}

export interface DoctorReport {
  readonly file: string | undefined;
  readonly checks: readonly DoctorCheck[];
  readonly isHealthy: boolean;
}

/** Never throws for what it finds; keys are neither printed nor sent. */
export async function doctor({
  reachWithinMs = 3_000,
  ...options
}: DoctorOptions = {}): Promise<DoctorReport> {
  let loaded: LoadedConfig;
  try {
    loaded = await loadConfig(options);
  } catch (error) {
    if (!ConfigError.is(error)) throw error;
    const checks = error.problems.map(({ path, message, found, allowed, file, line }): DoctorCheck => {
      const facts = [found && `found ${found}`, allowed && `allowed: ${allowed}`].filter(Boolean).join('; ');
      const place = file === undefined ? '' : `${placeOf(file, line)} `;
      return {
        name: path ?? 'config',
        verdict: 'problem',
        detail: `${place}${message}${facts === '' ? '' : ` (${facts})`}`,
      };
    });
    return { file: options.file, checks, isHealthy: false };
  }
  const checks = [
    { name: 'config', verdict: 'ok' as const, detail: loaded.file.file },
    ...stageChecks(loaded.providers),
    ...(await reachabilityChecks(loaded, reachWithinMs)),
    ...formatChecks(loaded.providers),
    costCheck(loaded),
    loaded.agent === undefined
      ? { name: 'agent', verdict: 'note' as const, detail: 'no agent is named: calls are only listened to' }
      : { name: 'agent', verdict: 'ok' as const, detail: loaded.agent.name },
  ];
  return { file: loaded.file.file, checks, isHealthy: checks.every(({ verdict }) => verdict !== 'problem') };
}

type Named = { readonly provider: string; readonly healthKey: string };

function chainsOf({
  stt,
  llm,
  tts,
  telephony,
}: LoadedProviders): readonly (readonly [string, readonly Named[]])[] {
  return [
    ['stt', stt === 'media' ? [] : stt],
    ['llm', llm ?? []],
    ['tts', tts ?? []],
    ['telephony', telephony],
  ];
}

/** An adapter without its key is not made at all, so whoever is here has one or needs none. */
function stageChecks(providers: LoadedProviders): readonly DoctorCheck[] {
  return chainsOf(providers).map(([name, chain]) => ({
    name,
    verdict: chain.length === 0 && name !== 'stt' ? 'note' : 'ok',
    detail:
      chain.length === 0
        ? name === 'stt'
          ? 'text that comes with the media'
          : 'none'
        : `${chain.map(({ provider }) => provider).join(', then ')}: options and keys are in order`,
  }));
}

async function reachabilityChecks(
  { providers, file }: LoadedConfig,
  withinMs: number,
): Promise<readonly DoctorCheck[]> {
  const endpoints = chainsOf(providers).flatMap(([stage, chain]) =>
    chain.flatMap(({ provider, healthKey }) => {
      const url = /https?:\/\/[^\s|>]+|wss?:\/\/[^\s|>]+/.exec(healthKey)?.[0];
      return url === undefined ? [] : [{ stage, provider, url: new URL(url) }];
    }),
  );
  return Promise.all(
    endpoints.map(async ({ stage, provider, url }): Promise<DoctorCheck> => {
      const problem = await reach(url, withinMs);
      const name = `reach ${provider}`;
      return problem === undefined
        ? { name, verdict: 'ok', detail: `${url.host} accepts connections; the key was not tried` }
        : {
            name,
            verdict: 'problem',
            detail: `${url.host}: ${problem}; ${remedy} (${placeOf(file.file, file.lineOf(stage))} ${stage})`,
          };
    }),
  );
}

const remedy = 'check the address, the network, and that a server runs there';

function placeOf(file: string, line: number | undefined): string {
  return line === undefined ? file : `${file}:${line}`;
}

async function reach(url: URL, withinMs: number): Promise<string | undefined> {
  const isSecure = /^(https|wss):$/.test(url.protocol);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  try {
    await lookup(host);
  } catch {
    return 'the name can not be resolved';
  }
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(url.port) || (isSecure ? 443 : 80), timeout: withinMs });
    const settle = (problem: string | undefined): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.on('connect', () => {
      settle(undefined);
    });
    socket.on('timeout', () => {
      settle(`no connection within ${withinMs} ms`);
    });
    socket.on('error', (error) => {
      settle('code' in error ? `no connection (${String(error.code)})` : 'no connection');
    });
  });
}

function formatChecks({ stt, tts, telephony }: LoadedProviders): readonly DoctorCheck[] {
  return telephony.map(({ provider, capabilities }) => {
    const [inbound] = capabilities.inbound;
    const [outbound] = capabilities.outbound;
    if (inbound === undefined || outbound === undefined)
      return { name: `formats ${provider}`, verdict: 'note', detail: 'no audio' };
    const same = (
      formats: readonly { readonly encoding: string; readonly sampleRate: number }[],
      wanted: typeof inbound,
    ): string =>
      formats.some(
        ({ encoding, sampleRate }) => encoding === wanted.encoding && sampleRate === wanted.sampleRate,
      )
        ? 'as it is'
        : 'converted';
    const ears =
      stt === 'media' ? [] : stt.map((ear) => `${ear.provider} ${same(ear.capabilities.formats, inbound)}`);
    const voices = (tts ?? []).map(
      (voice) => `${voice.provider} ${same(voice.capabilities.formats, outbound)}`,
    );
    return {
      name: `formats ${provider}`,
      verdict: 'ok',
      detail: `${describeFormat(inbound)}: ${[...ears, ...voices].join(', ')}`,
    };
  });
}
