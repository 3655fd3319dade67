// The factory: settings, what can't be asked for, and one answer from its request to its last line.
import {
  ConfigError,
  createLazyStream,
  healthKey,
  openHttpStream,
  parseNdjson,
  parseOptions,
  type HttpRefusal,
  type LlmAdapter,
  type LlmPart,
  type LlmRequest,
  type RefusalDetails,
} from '@voicewire/core/adapter';
import {
  authorization,
  loadOllamaUrl,
  ollamaOptionsSchema,
  type OllamaLlmOptions,
} from './ollama-options.js';
import { createChatReader, failure, toChatRequest, type OllamaSettings } from './ollama-wire.js';

const target = { provider: 'ollama', stage: 'llm' } as const;

/**
 * The native chat of an Ollama server, which tells failures that its OpenAI-compatible one hides. Throws `ConfigError`
 * for options that are wrong. https://docs.ollama.com/api/chat
 */
export function createOllamaLlm(options: OllamaLlmOptions = {}): LlmAdapter {
  const settings = parseOptions(target.provider, ollamaOptionsSchema, options);
  const baseUrl = loadOllamaUrl(settings.baseUrl);
  const headers = { ...authorization(settings.apiKey), ...settings.headers };
  const server: Server = { ...settings, url: `${baseUrl}/api/chat`, headers };

  return {
    kind: 'llm',
    specVersion: 1,
    provider: target.provider,
    healthKey: healthKey(target.provider, baseUrl, headers.authorization ?? ''),
    capabilities: { tools: true, parallelTools: true, responseSchema: true, prefill: false },
    generate: (request) => createLazyStream(request.signal, () => answer(server, request)),
  };
}

interface Server extends OllamaSettings {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function* answer(server: Server, request: LlmRequest): AsyncGenerator<LlmPart> {
  checkToolChoice(request);
  const { body } = await openHttpStream({
    ...target,
    url: server.url,
    headers: { 'content-type': 'application/json', ...server.headers },
    body: JSON.stringify(toChatRequest(server, request)),
    // An answer that is generated twice costs time and changes nothing.
    isIdempotent: true,
    signal: request.signal,
    readRefusal: (refusal) => readRefusal(refusal, server.model),
  });
  const read = createChatReader(target);
  let isDone = false;
  try {
    for await (const line of parseNdjson(body, target)) {
      // Past its end it is read on: only a body that was read out leaves its connection open for the next request.
      if (isDone) continue;
      const parts = read(line);
      yield* parts;
      isDone = parts.at(-1)?.type === 'finish';
    }
  } catch (error) {
    if (!isDone) throw error;
  }
  if (!isDone) throw failure(target, 'protocol', 'ended its answer without saying that it was done');
}

/** The protocol can't force a call, and a model that is merely asked to may not make one. */
function checkToolChoice({ toolChoice = 'auto' }: LlmRequest): void {
  if (toolChoice === 'auto' || toolChoice === 'none') return;
  const message = 'ollama: a model can not be made to call a tool';
  throw new ConfigError(
    { code: 'config.unsupported', path: 'toolChoice', message, allowed: '"auto", "none"' },
    { provider: target.provider },
  );
}

function readRefusal({ status }: HttpRefusal, model: string): RefusalDetails {
  if (status !== 404) return {};
  return { message: `ollama does not have the model ${model}: run "ollama pull ${model}".` };
}
