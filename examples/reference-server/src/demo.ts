// What the page asks this server beyond the API: what each stage is, the recorded callers, and a call of its own.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Agent, LoadedProviders, Voicewire } from '@voicewire/core';
import { z } from 'zod';
import { listCallers } from './callers.js';

export interface DemoOptions {
  readonly voicewire: Voicewire;
  readonly providers: LoadedProviders;
  readonly agent: Agent;
  readonly mediaPort: number;
}

/** What the demo's own stand-ins are, in so many words. Everything else goes by its provider's name. */
const stages = {
  stt: { scripted: 'Demo script, not a recogniser: knows the recorded callers by their sound' },
  llm: { scripted: 'Demo script, not a language model: matches words, really calls the tools' },
  tts: { flite: 'Flite, a small open-source voice, here in this process' },
} as const;

const hints = ['Where is my order 4711?', 'When are you open on Sunday?', 'Let me talk to a person.'];

interface StageView {
  readonly stage: string;
  readonly label: string;
  readonly detail: string;
}

export function describeStages({ stt, llm = [], tts = [] }: LoadedProviders): readonly StageView[] {
  const describe = (
    stage: keyof typeof stages,
    chain: readonly { readonly provider: string }[],
  ): StageView => {
    const [first = 'none', ...others] = chain.map(({ provider }) => provider);
    const known: Readonly<Record<string, string>> = stages[stage];
    const [label = first, detail = ''] = (known[first] ?? first).split(': ');
    return { stage, label, detail: others.length === 0 ? detail : `then ${others.join(', ')}` };
  };
  return [describe('stt', stt === 'media' ? [] : stt), describe('llm', llm), describe('tts', tts)];
}

/** Answers the demo's own paths; undefined for all others. */
export async function handleDemo(request: Request, options: DemoOptions): Promise<Response | undefined> {
  const { pathname } = new URL(request.url);
  if (pathname === '/api/v1/demo') return Response.json(describeDemo(options));
  if (pathname === '/api/v1/demo/calls' && request.method === 'POST') return startCall(request, options);
  return pathname.startsWith('/callers/') ? sendRecording(pathname) : undefined;
}

function describeDemo({ providers, agent }: DemoOptions): object {
  // The script knows the recorded callers alone: whoever else speaks is better off with the browser's own recogniser.
  const hasRealEars = providers.stt !== 'media' && providers.stt[0]?.provider !== 'scripted';
  return {
    stages: describeStages(providers),
    recogniser: hasRealEars ? 'server' : 'page',
    agent: { name: agent.name, greeting: agent.greeting, hints },
    callers: listCallers().map(({ utterances, ...caller }) => ({
      ...caller,
      utterances: utterances.map(({ file, text }) => ({ url: `/callers/${basename(file)}`, text })),
    })),
    sampleRate: 16_000,
  };
}

const askedSchema = z.object({ speak: z.string(), recogniser: z.string() }).partial().catch({});

/** A recorded caller is heard by the configured ears; a page that listens or types brings its own text. */
async function startCall(request: Request, options: DemoOptions): Promise<Response> {
  const { voicewire, mediaPort } = options;
  const { speak, recogniser } = askedSchema.parse(await request.json().catch(() => undefined));
  const bringsText = speak === 'typed' || (speak === 'microphone' && recogniser === 'page');
  const { callId, token, mediaUrl } = voicewire.invite({
    provider: 'browser',
    stt: bringsText ? 'media' : undefined,
  });
  const url = new URL(mediaUrl);
  // The page is on this machine, wherever carriers find us.
  url.host = `${new URL(request.url).hostname}:${mediaPort}`;
  url.protocol = 'ws:';
  return Response.json({ callId, token, mediaUrl: url.href }, { status: 201 });
}

async function sendRecording(pathname: string): Promise<Response> {
  const name = pathname.slice('/callers/'.length);
  const file = listCallers()
    .flatMap(({ utterances }) => utterances)
    .find((utterance) => basename(utterance.file) === name)?.file;
  if (file === undefined) return new Response('not found', { status: 404 });
  return new Response(new Uint8Array(await readFile(file)), { headers: { 'content-type': 'audio/wav' } });
}
