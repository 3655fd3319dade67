// The carrier of the benchmark: N telephone calls over Media Streams from one process, frames paced by deadline, play-out at 1×.
import { createHmac, randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { frameBytes } from './providers.mjs';

const silent = Buffer.alloc(frameBytes, 0xff).toString('base64');
/** The caller speaks so long, every `cycleMs`; in every other turn into the agent's answer. */
const speechMs = 1_200;
const cycleMs = 6_000;

export const account = { sid: `AC${'0'.repeat(32)}`, token: randomBytes(16).toString('hex') };

/** Calls do not share a clock: their frames are spread over the 20 ms. */
const tickMs = 2;
const ticksPerFrame = 20 / tickMs;

/** No two calls of a run share an id: the application takes the second for the first one come back. */
let opened = 0;

/** Loud frames that carry the call's number in their first two bytes. */
function loudFrame(call) {
  const frame = Buffer.from({
    length: frameBytes,
    ...Array.from({ length: frameBytes }, (_, index) => 0x10 + ((index * 7) % 16) + (index % 2) * 0x80),
  });
  frame[0] = call >> 7;
  frame[1] = call & 0x7f;
  return frame.toString('base64');
}

/** Asks the application for instructions as the carrier would; returns where media goes and the token it names. */
async function announce(webhookUrl, callSid) {
  const parameters = {
    CallSid: callSid,
    AccountSid: account.sid,
    From: '+14155550100',
    To: '+14155550199',
    CallStatus: 'ringing',
    Direction: 'inbound',
    ApiVersion: '2010-04-01',
  };
  const signed =
    webhookUrl +
    Object.keys(parameters)
      .sort()
      .map((name) => name + parameters[name])
      .join('');
  const signature = createHmac('sha1', account.token).update(signed).digest('base64');
  const response = await fetch(webhookUrl, {
    method: 'POST',
    headers: { 'x-twilio-signature': signature },
    body: new URLSearchParams(parameters),
  });
  const twiml = await response.text();
  const url = /<Stream url="([^"]+)"/.exec(twiml)?.[1];
  if (url === undefined)
    throw new Error(`no stream in the answer: ${response.status} ${twiml.slice(0, 200)}`);
  const custom = Object.fromEntries(
    [...twiml.matchAll(/<Parameter name="([^"]+)" value="([^"]+)"/g)].map(([, name, value]) => [name, value]),
  );
  return { url: url.replaceAll('&amp;', '&'), custom };
}

export class Call {
  constructor(number, target, marks) {
    Object.assign(this, {
      number,
      target,
      marks,
      turn: -1,
      loud: loudFrame(number),
      playEnds: 0,
      outstanding: [],
      sequence: 1,
      chunk: 0,
      bargeFrom: 0,
      isAnswered: true,
    });
    const id = (opened += 1).toString(16).padStart(32, '0');
    this.streamSid = `MZ${id}`;
    this.callSid = `CA${id}`;
    /** Calls do not speak in step. */
    this.phase = (number * 997) % cycleMs;
  }

  async open() {
    const { url, custom } =
      this.target.webhookUrl === undefined
        ? { url: this.target.mediaUrl, custom: {} }
        : await announce(this.target.webhookUrl, this.callSid);
    const signature = createHmac('sha1', account.token).update(url).digest('base64');
    this.socket = new WebSocket(url, {
      perMessageDeflate: false,
      headers: { 'x-twilio-signature': signature },
    });
    await new Promise((resolve, reject) => this.socket.once('open', resolve).once('error', reject));
    this.socket.on('error', () => undefined);
    this.socket.on('message', (data) => this.onMessage(data.toString()));
    this.send({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    this.send({
      event: 'start',
      sequenceNumber: '1',
      streamSid: this.streamSid,
      start: {
        accountSid: account.sid,
        streamSid: this.streamSid,
        callSid: this.callSid,
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
        customParameters: custom,
      },
    });
  }

  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** One frame; `ms` since the calls began. */
  frame(ms) {
    const place = (ms + this.phase) % cycleMs;
    const turn = Math.floor((ms + this.phase) / cycleMs);
    const isLoud = place < speechMs;
    if (isLoud && turn !== this.turn) this.beginSpeech(turn);
    if (!isLoud && this.isTalking) this.endSpeech();
    this.chunk += 1;
    this.sequence += 1;
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.socket.send(
      `{"event":"media","sequenceNumber":"${this.sequence}","media":{"track":"inbound","chunk":"${this.chunk}","timestamp":"${this.chunk * 20}","payload":"${isLoud ? this.loud : silent}"},"streamSid":"${this.streamSid}"}`,
    );
  }

  beginSpeech(turn) {
    this.turn = turn;
    this.isTalking = true;
    if (this.playEnds > performance.now() + 300) this.bargeFrom = performance.now();
  }

  endSpeech() {
    this.isTalking = false;
    this.spokeUntil = performance.now();
    this.isAnswered = false;
  }

  onMessage(text) {
    const now = performance.now();
    if (text.startsWith('{"event":"media"') || text.includes('"event":"media"')) {
      this.onAudio(JSON.parse(text).media.payload, now);
      return;
    }
    const message = JSON.parse(text);
    if (message.event === 'mark') {
      const entry = { name: message.mark.name };
      this.outstanding.push(entry);
      entry.timer = setTimeout(() => this.returnMark(entry), Math.max(0, this.playEnds - now));
    } else if (message.event === 'clear') {
      if (this.bargeFrom > 0) this.marks.clears.push(now - this.bargeFrom);
      this.bargeFrom = 0;
      this.playEnds = now;
      for (const entry of [...this.outstanding]) this.returnMark(entry);
    }
  }

  onAudio(payload, now) {
    this.marks.media(this.number, now);
    if (!this.isAnswered && !this.isTalking) {
      this.isAnswered = true;
      this.marks.answered(now - this.spokeUntil);
    }
    this.playEnds = Math.max(now, this.playEnds) + (payload.length * 0.75) / 8;
  }

  returnMark(entry) {
    clearTimeout(entry.timer);
    const index = this.outstanding.indexOf(entry);
    if (index < 0) return;
    this.outstanding.splice(index, 1);
    this.send({
      event: 'mark',
      sequenceNumber: String((this.sequence += 1)),
      streamSid: this.streamSid,
      mark: { name: entry.name },
    });
  }

  close() {
    for (const entry of this.outstanding) clearTimeout(entry.timer);
    this.send({
      event: 'stop',
      sequenceNumber: String((this.sequence += 1)),
      streamSid: this.streamSid,
      stop: { accountSid: account.sid, callSid: this.callSid },
    });
    this.socket.close();
  }
}

/** Runs `count` calls for `seconds` after `warmSeconds` that do not count; `onSteady` is called when those are over and at the end. */
export async function runCalls({ count, seconds, warmSeconds = 0, target, marks, onSteady }) {
  const calls = Array.from({ length: count }, (_, number) => new Call(number, target, marks));
  for (let start = 0; start < count; start += 20)
    await Promise.all(calls.slice(start, start + 20).map((call) => call.open()));
  const began = performance.now();
  let tick = 0;
  const runUntil = (endMs) =>
    new Promise((resolve) => {
      let lateMs = 0;
      const step = () => {
        const now = performance.now() - began;
        if (now >= endMs) return resolve(lateMs);
        lateMs = Math.max(lateMs, now - tick * tickMs);
        while (tick * tickMs <= now) {
          const part = tick % ticksPerFrame;
          const ms = Math.floor(tick / ticksPerFrame) * 20;
          for (let at = part; at < calls.length; at += ticksPerFrame) calls[at].frame(ms);
          tick += 1;
        }
        setTimeout(step, Math.max(0, tick * tickMs - (performance.now() - began)));
      };
      step();
    });
  await runUntil(warmSeconds * 1000);
  marks.reset();
  await onSteady('begin');
  const lateMs = await runUntil((warmSeconds + seconds) * 1000);
  await onSteady('end');
  for (const call of calls) call.close();
  await new Promise((resolve) => setTimeout(resolve, 300));
  return { lateMs };
}
