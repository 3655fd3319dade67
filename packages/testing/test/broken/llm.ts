// Broken language-model adapters: each a correct one with one thing wrong, and the checks that must notice.
import {
  createEventQueue,
  type LlmAdapter,
  type LlmCapabilities,
  type LlmMessage,
  type LlmPart,
  type LlmRequest,
} from '@voicewire/core/adapter';
import type { Target } from '../../src/conformance/bench.js';
import { createAcmeLlm } from '../reference/llm/index.js';
import type { Broken } from './harness.js';

export interface BrokenLlm extends Broken {
  createAdapter(target: Target): LlmAdapter;
}

interface LlmTwist {
  readonly capabilities?: Partial<LlmCapabilities>;
  request?(request: LlmRequest): LlmRequest;
  /** What an answer says in place of each part; called once per answer. */
  parts?(): (part: LlmPart) => readonly LlmPart[];
  /** Anything else about an answer. */
  answer?(parts: AsyncIterable<LlmPart>, request: LlmRequest, inner: LlmAdapter): AsyncIterable<LlmPart>;
}

export function correctLlm({ url, apiKey }: Target): LlmAdapter {
  return createAcmeLlm({ baseUrl: url, apiKey });
}

/** Read through `read`; two readers are still one too many. */
function readThrough(
  parts: AsyncIterable<LlmPart>,
  read: (parts: AsyncIterable<LlmPart>) => AsyncGenerator<LlmPart>,
): AsyncIterable<LlmPart> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = parts[Symbol.asyncIterator]();
      return read({ [Symbol.asyncIterator]: () => iterator });
    },
  };
}

function twistLlm(inner: LlmAdapter, twist: LlmTwist): LlmAdapter {
  return {
    ...inner,
    capabilities: { ...inner.capabilities, ...twist.capabilities },
    generate(request) {
      const asked = twist.request?.(request) ?? request;
      const parts = readThrough(inner.generate(asked), async function* (given) {
        const toParts = twist.parts?.() ?? ((part: LlmPart) => [part]);
        for await (const part of given) yield* toParts(part);
      });
      return twist.answer?.(parts, asked, inner) ?? parts;
    },
  };
}

function broken(name: string, fails: readonly string[], twist: LlmTwist | (() => LlmTwist)): BrokenLlm {
  const createAdapter = (target: Target): LlmAdapter =>
    twistLlm(correctLlm(target), typeof twist === 'function' ? twist() : twist);
  return { name, fails, createAdapter };
}

const whole = 'tools: gives a call whole, with its own id and the arguments as the model wrote them';
const asIs = 'tools: passes arguments on that are no JSON';
const apart = 'parallelTools: keeps interleaved calls apart, in their order';
const allText = 'gives all text in order, characters whole';
const once = 'finishes exactly once, as the last part, and says why';
const conversation = 'sends the conversation as it is';
const states = 'gives state back to nobody but the provider that made it';
const unread = 'stops reading the provider while nobody reads its parts, and loses none';
const left = 'leaving the loop closes the connection';
const aborted = 'ends with the reason of its signal, and its socket is gone within 500 ms: in the middle';
const tidy = 'leaves no timer and no listener behind, however it ends';
const notMixed = 'does not mix two answers that run at once';

const brokenAnswers: readonly BrokenLlm[] = [
  broken('asks before it is read', ['sends nothing before it is read'], {
    answer(parts, request, inner) {
      let isRead = false;
      setImmediate(() => {
        const unread = isRead ? undefined : inner.generate(request)[Symbol.asyncIterator]();
        void unread?.next().catch(() => undefined);
      });
      return {
        [Symbol.asyncIterator]() {
          isRead = true;
          return parts[Symbol.asyncIterator]();
        },
      };
    },
  }),
  broken('cuts characters in two', [allText], {
    parts: () => (part) => [
      part.type === 'text' ? { ...part, text: part.text.replace('☕', '\uFFFD') } : part,
    ],
  }),
  broken(
    'gives text at the end',
    [
      'gives text as it comes, not at the end',
      left,
      "fails with the class of the provider's own message of failure",
      aborted,
      tidy,
    ],
    {
      answer: (parts) =>
        readThrough(parts, async function* (given) {
          const kept: LlmPart[] = [];
          for await (const part of given) kept.push(part);
          yield* kept;
        }),
    },
  ),
  broken('finishes twice', [once], {
    parts: () => (part) => (part.type === 'finish' ? [part, part] : [part]),
  }),
  broken('takes every finish for a stop', [once, whole], {
    parts: () => (part) => [part.type === 'finish' ? { ...part, reason: 'stop' } : part],
  }),
  broken('counts input tokens twice', ['counts tokens'], {
    parts: () => (part) => [part.type === 'usage' ? { ...part, inputTokens: part.inputTokens * 2 } : part],
  }),
  broken('gives calls without an id', [whole, apart], {
    parts: () => (part) => [part.type === 'tool-call' ? { ...part, id: '' } : part],
  }),
  broken('repairs arguments', [asIs], {
    parts: () => (part) => [
      part.type === 'tool-call'
        ? { ...part, argumentsText: part.argumentsText.replace(/[^}]$/, '$&}') }
        : part,
    ],
  }),
  broken('gives two calls one id', [apart], {
    parts: () => (part) => [part.type === 'tool-call' ? { ...part, id: 'call' } : part],
  }),
  broken('shares calls between answers', [notMixed], () => {
    let last = '';
    return {
      parts: () => (part) => {
        if (part.type !== 'text' || !part.text.startsWith('You said')) return [part];
        if (last === '') last = part.text;
        return [{ ...part, text: last }];
      },
    };
  }),
  broken('reads on while nobody reads it', [unread, left], {
    answer(parts, { signal }) {
      let taken: AsyncIterator<LlmPart> | undefined;
      return {
        [Symbol.asyncIterator]() {
          const iterator = parts[Symbol.asyncIterator]();
          taken = iterator;
          const queue = createEventQueue<LlmPart>({ signal, onCancel: () => void taken?.return?.() });
          void (async () => {
            try {
              for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
                queue.push(next.value);
              queue.finish();
            } catch (error) {
              queue.fail(error);
            }
          })();
          return queue[Symbol.asyncIterator]();
        },
      };
    },
  }),
  broken('goes on when its reader has left', [left], {
    answer: (parts) => ({
      [Symbol.asyncIterator]() {
        const iterator = parts[Symbol.asyncIterator]();
        return { next: () => iterator.next() };
      },
    }),
  }),
  broken(
    'takes a failure in the answer for its end',
    ["fails with the class of the provider's own message of failure"],
    {
      answer: (parts) =>
        readThrough(parts, async function* (given) {
          try {
            yield* given;
          } catch (error) {
            if (!(error instanceof Error) || !error.message.includes('in the middle of its answer'))
              throw error;
          }
        }),
    },
  ),
];

/** Changes the messages of a request. */
function messages(change: (message: LlmMessage) => LlmMessage): LlmTwist {
  return { request: (request) => ({ ...request, messages: request.messages.map(change) }) };
}

const brokenRequests: readonly BrokenLlm[] = [
  broken(
    'forgets the calls the model made',
    [conversation],
    messages((message) => (message.role === 'assistant' ? { ...message, toolCalls: undefined } : message)),
  ),
  broken(
    'leaves required parameters out',
    ['tools: sends them with their schemas, and the choice that was made'],
    {
      request: (request) => ({
        ...request,
        tools: request.tools?.map((tool) => ({ ...tool, parameters: { type: 'object' } })),
      }),
    },
  ),
  broken(
    'takes tools it does not declare',
    ['no tools declared: refuses them with a ConfigError, before anything connects'],
    { capabilities: { tools: false } },
  ),
  broken('keeps the schema to itself', ['responseSchema: sends it'], {
    request: (request) => ({ ...request, responseSchema: undefined }),
  }),
  broken(
    'takes a schema it does not declare',
    ['no responseSchema declared: refuses one with a ConfigError, before anything connects'],
    {
      capabilities: { responseSchema: false },
    },
  ),
  broken('has a temperature of its own', ['sends temperature and maxTokens, and only when asked'], {
    request: (request) => ({ ...request, temperature: request.temperature ?? 0.7 }),
  }),
  broken('asks again after what should be continued', ['prefill: leaves a trailing assistant message last'], {
    request: (request) => ({
      ...request,
      messages:
        request.messages.at(-1)?.role === 'assistant'
          ? [...request.messages, { role: 'user', content: 'Go on.' }]
          : request.messages,
    }),
  }),
  broken('passes on the state of others', [states], (): LlmTwist => {
    let own = '';
    return {
      answer: (parts, _request, inner) => {
        own = inner.healthKey;
        return parts;
      },
      request: (request) => ({
        ...request,
        messages: request.messages.map((message) =>
          message.role === 'assistant' && message.providerState !== undefined
            ? { ...message, providerState: { ...message.providerState, healthKey: own } }
            : message,
        ),
      }),
    };
  }),
  broken(
    'forgets its own state',
    [states],
    messages((message) =>
      message.role === 'assistant' ? { ...message, providerState: undefined } : message,
    ),
  ),
];

export const brokenLlm: readonly BrokenLlm[] = [...brokenAnswers, ...brokenRequests];
