// How Acme's language model talks, as a fake server.
import {
  startLlmFake,
  type FakeRequest,
  type LlmAsked,
  type LlmConversation,
  type LlmDialect,
  type LlmFake,
  type LlmFakeEvent,
  type LlmFakeOptions,
} from '@voicewire/testing';

function data(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function write(event: LlmFakeEvent): readonly string[] {
  switch (event.type) {
    case 'start':
      return [data({ type: 'start' })];
    case 'text':
      return [data(event)];
    case 'tool-call': {
      const { index, call, fragment, isFirst } = event;
      return [
        data({ type: 'tool-call', index, fragment, ...(isFirst ? { id: call.id, name: call.name } : {}) }),
      ];
    }
    case 'finish':
      return [
        data({ type: 'usage', ...event.usage }),
        data({ type: 'finish', reason: event.reason, state: event.state }),
      ];
    case 'error':
      return [data({ type: 'error', status: event.status, message: event.message })];
    case 'done':
      return ['data: [DONE]\n\n'];
  }
}

function open(request: FakeRequest): LlmConversation | { status: number } {
  if (request.url.pathname !== '/v1/respond') return { status: 404 };
  const asked = JSON.parse(Buffer.from(request.body).toString()) as LlmAsked;
  return { asked, contentType: 'text/event-stream', write };
}

export const acmeLlmDialect: LlmDialect = {
  provider: 'acme',
  credential: ({ headers }) => headers.authorization?.replace('Bearer ', ''),
  refusal: (status) => ({ body: JSON.stringify({ error: { status } }) }),
  unknownMessage: data({ type: 'not-yet-invented' }),
  keepAlive: ': ping\n\n',
  open,
};

/** Starts a fake Acme on a free loopback port. */
export function startAcmeLlmFake(options: LlmFakeOptions = {}): Promise<LlmFake> {
  return startLlmFake(acmeLlmDialect, options);
}
