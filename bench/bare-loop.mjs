// The bare hand-written loop that Voicewire is measured against: Twilio media in, Deepgram, OpenAI, ElevenLabs, media out. One file, no
// framework, no failover, no record, no checks: the same messages, base64, an energy detector and `clear`, and nothing else.
import http from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';

const providers = `127.0.0.1:${process.env.PROVIDERS_PORT}`;
const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
const options = { perMessageDeflate: false };

/** µ-law to linear, squared: what the detector adds up. */
const power = Float64Array.from({ length: 256 }, (_, code) => {
  const inverted = ~code & 0xff;
  const magnitude = ((((inverted & 0x0f) << 3) + 0x84) << ((inverted & 0x70) >> 4)) - 0x84;
  return magnitude * magnitude;
});

const loudPower = 300 * 300;
const startFrames = 9; // 180 ms of speech is an interruption
const endFrames = 10; // 200 ms of silence ends it

class Call {
  constructor(socket) {
    this.socket = socket;
    this.streamId = '';
    this.history = [{ role: 'system', content: 'Answer.' }];
    this.loud = 0;
    this.quiet = 0;
    this.isSpeech = false;
    this.isSpeaking = false;
    this.utterance = 0;
    this.request = undefined;
    this.pending = '';
    this.waiting = [];
    this.text = '';
    this.heard = '';
    this.marks = new Map();
    this.ears = new WebSocket(
      `ws://${providers}/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000&channels=1&interim_results=true`,
      options,
    );
    this.voice = new WebSocket(
      `ws://${providers}/v1/text-to-speech/v/multi-stream-input?model_id=eleven_flash_v2_5&output_format=ulaw_8000`,
      options,
    );
    this.ears.on('open', () => {
      for (const audio of this.waiting.splice(0)) this.ears.send(audio);
    });
    this.ears.on('message', (data) => this.onHeard(JSON.parse(data.toString())));
    this.voice.on('message', (data) => this.onVoice(JSON.parse(data.toString())));
    socket.on('message', (data) => this.onMedia(JSON.parse(data.toString())));
    socket.on('close', () => this.end());
    for (const each of [this.ears, this.voice, socket]) each.on('error', () => this.end());
  }

  onMedia(message) {
    switch (message.event) {
      case 'start':
        this.streamId = message.streamSid;
        break;
      case 'media': {
        const audio = Buffer.from(message.media.payload, 'base64');
        this.detect(audio);
        if (this.ears.readyState === WebSocket.OPEN) this.ears.send(audio);
        else this.waiting.push(audio);
        break;
      }
      case 'mark': {
        const text = this.marks.get(message.mark.name);
        this.marks.delete(message.mark.name);
        if (text !== undefined) this.heard = text;
        if (this.marks.size === 0 && this.isSpeaking) this.finish();
        break;
      }
      case 'stop':
        this.end();
        break;
    }
  }

  detect(audio) {
    let sum = 0;
    for (let index = 0; index < audio.length; index += 1) sum += power[audio[index]];
    if (sum / audio.length > loudPower) {
      this.loud += 1;
      this.quiet = 0;
    } else {
      this.quiet += 1;
      if (this.quiet >= endFrames) {
        this.loud = 0;
        this.isSpeech = false;
      }
    }
    if (!this.isSpeech && this.loud >= startFrames) {
      this.isSpeech = true;
      if (this.isSpeaking) this.interrupt();
    }
  }

  interrupt() {
    this.send({ event: 'clear', streamSid: this.streamId });
    this.request?.destroy();
    this.request = undefined;
    if (this.voice.readyState === WebSocket.OPEN)
      this.voice.send(JSON.stringify({ context_id: `u${this.utterance}`, close_context: true }));
    this.marks.clear();
    this.finish();
  }

  finish() {
    this.isSpeaking = false;
    this.history.push({ role: 'assistant', content: this.heard });
  }

  onHeard(message) {
    if (message.type !== 'Results' || !message.is_final || !message.speech_final) return;
    const text = message.channel.alternatives[0].transcript;
    if (text !== '') this.think(text);
  }

  think(text) {
    if (this.isSpeaking) this.interrupt();
    this.history.push({ role: 'user', content: text });
    this.utterance += 1;
    this.text = '';
    this.heard = '';
    this.pending = '';
    this.isSpeaking = true;
    const id = `u${this.utterance}`;
    this.voice.send(JSON.stringify({ text: ' ', context_id: id }));
    const body = JSON.stringify({
      model: 'm',
      stream: true,
      stream_options: { include_usage: true },
      messages: this.history,
    });
    const request = http.request(
      `http://${providers}/v1/chat/completions`,
      {
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        let rest = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          const lines = (rest + chunk).split('\n');
          rest = lines.pop();
          for (const line of lines) {
            if (!line.startsWith('data: ') || line === 'data: [DONE]') continue;
            const delta = JSON.parse(line.slice(6)).choices[0]?.delta.content;
            if (delta) this.write(id, delta);
          }
        });
        response.on('end', () => this.endText(id));
        response.on('error', () => undefined);
      },
    );
    request.on('error', () => undefined);
    request.end(body);
    this.request = request;
  }

  write(id, delta) {
    this.pending += delta;
    const end = /[.!?]\s+/.exec(this.pending);
    if (end === null) return;
    const sentence = this.pending.slice(0, end.index + end[0].length);
    this.pending = this.pending.slice(sentence.length);
    this.text += sentence;
    this.voice.send(JSON.stringify({ text: sentence, context_id: id, flush: true }));
  }

  endText(id) {
    if (id !== `u${this.utterance}` || !this.isSpeaking) return;
    if (this.pending.trim() !== '') {
      this.text += this.pending;
      this.voice.send(JSON.stringify({ text: this.pending, context_id: id, flush: true }));
    }
    this.voice.send(JSON.stringify({ context_id: id, close_context: true }));
  }

  onVoice(message) {
    if (message.contextId !== `u${this.utterance}` || !this.isSpeaking) return;
    if (message.audio) {
      this.spoken = (this.spoken ?? '') + message.alignment.chars.join('');
      this.send({ event: 'media', streamSid: this.streamId, media: { payload: message.audio } });
      const name = `m${this.marks.size}-${this.utterance}-${Math.random()}`;
      this.marks.set(name, this.spoken);
      this.send({ event: 'mark', streamSid: this.streamId, mark: { name } });
    }
    if (message.isFinal) this.spoken = undefined;
  }

  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  end() {
    this.request?.destroy();
    for (const each of [this.ears, this.voice, this.socket])
      if (each.readyState < WebSocket.CLOSING) each.close();
  }
}

const server = http.createServer();
const sockets = new WebSocketServer({ server, ...options });
sockets.on('connection', (socket) => new Call(socket));
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', () => {
  const cpu = process.cpuUsage();
  // What is live, not what waits to be collected.
  globalThis.gc?.();
  process.send({ cpu, memory: process.memoryUsage() });
});
process.on('SIGTERM', () => process.exit(0));
