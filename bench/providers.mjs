// The providers of the benchmark, as cheap as they can be: one port that speaks Deepgram, OpenAI and ElevenLabs for any number of
// calls, and notes when what went out and came in. Call numbers travel in the audio and in the text.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

export const frameBytes = 160;
/** Silence that makes the recogniser's final, in ms of audio. */
const pauseMs = 300;
const llmDelayMs = 40;
const ttsDelayMs = 30;
const chunkBytes = 8 * 250;
/** Answers to even turns are over before the caller speaks again, the others are talked over. */
const chunks = [12, 24];
const silentByte = 0xff;

/** Audio of the voice: any bytes do, nobody listens. */
const voiceChunk = Buffer.alloc(chunkBytes, 0x35).toString('base64');

/** `marks.at(call, turn, name)` remembers the first time something happened. */
export async function startProviders(marks) {
  const server = createServer((request, response) => answer(request, response, marks));
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      if (request.url.startsWith('/v1/listen')) listen(webSocket, marks);
      else speak(webSocket, marks);
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: server.address().port, close: () => server.close() };
}

/** Recognises loud frames; what was said is which call and which turn it was. */
function listen(webSocket, marks) {
  let call = -1;
  let turn = 0;
  let ms = 0;
  let loudFrom = -1;
  let loudUntil = -1;
  let lastPartial = 0;
  const send = (isFinal) => {
    const text = `call ${call} turn ${turn}`;
    const word = {
      word: text,
      punctuated_word: text,
      start: loudFrom / 1000,
      end: loudUntil / 1000,
      confidence: 1,
    };
    webSocket.send(
      JSON.stringify({
        type: 'Results',
        channel_index: [0, 1],
        start: loudFrom / 1000,
        duration: (ms - loudFrom) / 1000,
        is_final: isFinal,
        speech_final: isFinal,
        channel: { alternatives: [{ transcript: text, confidence: 1, words: [word] }] },
      }),
    );
  };
  webSocket.on('message', (data, isBinary) => {
    if (!isBinary) {
      if (!data.includes('CloseStream')) return;
      // What proves that everything has come: a bare close is taken for a failure, and repeated elsewhere.
      webSocket.send('{"type":"Metadata"}');
      webSocket.close(1000);
      return;
    }
    for (let offset = 0; offset + frameBytes <= data.length; offset += frameBytes) {
      ms += 20;
      if (data[offset + 100] === silentByte) continue;
      if (loudFrom < 0) loudFrom = ms - 20;
      if (call < 0) call = data[offset] * 128 + data[offset + 1];
      loudUntil = ms;
    }
    if (loudFrom >= 0 && ms - loudUntil >= pauseMs) {
      send(true);
      marks.at(call, turn, 'final');
      turn += 1;
      loudFrom = -1;
    } else if (loudFrom >= 0 && ms - lastPartial >= 200) {
      lastPartial = ms;
      send(false);
    }
  });
  webSocket.on('error', () => undefined);
}

function turnIn(text) {
  const match = /call (\d+) turn (\d+)(?!.*call \d+ turn)/s.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

function answer(request, response, marks) {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const turn = turnIn(Buffer.concat(parts).toString());
    if (turn !== undefined) marks.at(...turn, 'request');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    const name = turn === undefined ? 'nothing' : `call ${turn[0]} turn ${turn[1]}`;
    const timer = setTimeout(() => {
      const send = (delta, finish = null) =>
        response.write(
          `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`,
        );
      send({ role: 'assistant', content: '' });
      for (const word of `This answers ${name}. `.split(/(?<= )/)) send({ content: word });
      if (turn !== undefined) marks.at(...turn, 'text');
      for (const word of 'It goes on for a while longer. '.split(/(?<= )/)) send({ content: word });
      send({}, 'stop');
      response.end(
        'data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}}\n\ndata: [DONE]\n\n',
      );
    }, llmDelayMs);
    response.on('close', () => clearTimeout(timer));
  });
}

/** Multi-context speech: every context gets three or six seconds, a quarter at a time, as fast as it can be sent. */
function speak(webSocket, marks) {
  const contexts = new Map();
  const send = (id, message) => webSocket.send(JSON.stringify({ contextId: id, ...message }));
  const say = (id, context) => {
    if (context.isClosed) return;
    if (context.turn !== undefined) marks.at(...context.turn, 'audio');
    const count = chunks[(context.turn?.[1] ?? 0) % 2];
    for (let index = 0; index < count; index += 1) {
      send(id, { audio: voiceChunk, alignment: alignmentOf(context.text, index, count), isFinal: false });
    }
    context.isSpoken = true;
    if (context.isEnding) finish(id);
  };
  const finish = (id) => {
    contexts.delete(id);
    send(id, { isFinal: true });
  };
  webSocket.on('message', (data) => {
    const {
      text,
      context_id: id,
      close_context: isClosing,
      close_socket: isOver,
    } = JSON.parse(data.toString());
    if (isOver) return webSocket.close(1000);
    const context = contexts.get(id) ?? {
      text: '',
      timer: undefined,
      isSpoken: false,
      isClosed: false,
      isEnding: false,
    };
    if (id !== undefined) contexts.set(id, context);
    if (typeof text === 'string' && text.trim() !== '') {
      context.text += text;
      context.turn ??= turnIn(context.text);
      if (context.turn !== undefined) marks.at(...context.turn, 'voice');
      if (context.turn !== undefined || context.timer === undefined)
        context.timer ??= setTimeout(() => say(id, context), ttsDelayMs);
    }
    if (isClosing) {
      if (context.isSpoken) finish(id);
      else context.isEnding = true;
    }
  });
  webSocket.on('close', () => {
    for (const context of contexts.values()) {
      context.isClosed = true;
      clearTimeout(context.timer);
    }
  });
  webSocket.on('error', () => undefined);
}

/** Characters of the text, spread evenly over the chunks. */
function alignmentOf(text, index, count) {
  const per = Math.ceil(text.length / count);
  const chars = [...text.slice(index * per, (index + 1) * per)];
  const each = chars.length === 0 ? 0 : 250 / chars.length;
  return {
    chars,
    charStartTimesMs: chars.map((_, place) => Math.round(place * each)),
    charDurationsMs: chars.map(() => Math.round(each)),
  };
}
