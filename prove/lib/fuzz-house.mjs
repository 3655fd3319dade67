// What is attacked: one Voicewire on node:http, as an application mounts it, and the calls that must not notice.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { createApi } from '@voicewire/api';
import { createVoicewire, nodeListener } from '@voicewire/core';
import { createOpenAiLlm } from '@voicewire/llm-openai';
import { startOpenAiFake } from '@voicewire/llm-openai/fake';
import { createDeepgramStt } from '@voicewire/stt-deepgram';
import { startDeepgramFake } from '@voicewire/stt-deepgram/fake';
import { createBrowserTelephony } from '@voicewire/telephony-browser';
import { createTwilioTelephony } from '@voicewire/telephony-twilio';
import { startTwilioFake } from '@voicewire/telephony-twilio/fake';
import { readWords, speechSound, wordsAsHeard } from '@voicewire/testing';
import { createCartesiaTts } from '@voicewire/tts-cartesia';
import { startCartesiaFake } from '@voicewire/tts-cartesia/fake';

const mulaw = { encoding: 'mulaw', sampleRate: 8000, channels: 1 };
const msPerChar = 40;
const greeting = 'hello';
const apiKey = 'house-key-0123456789';
export const numbers = { from: '+14155550100', to: '+14155550199' };
/** A turn takes two seconds; whoever waits this long for an answer was harmed. */
const answerMs = 20_000;

/** It says what it was told. */
export const echo = {
  name: 'echo',
  instructions: 'Answer.',
  greeting,
  turn: { silenceMs: 600_000, endpointMs: 300 },
};

/**
 * Everything on sockets of loopback: carrier, three providers, webhooks, media. Whoever is called back is busy. `options`: of
 * the Voicewire in it.
 */
export async function openHouse(options = {}) {
  const stt = await startDeepgramFake({ apiKey, record: false, script: 'sound', pauseMs: 200 });
  // It says what it was told, so that the caller hears whether the ears heard.
  const llm = await startOpenAiFake({
    apiKey,
    record: false,
    script: ({ messages = [] }) => ({ parts: [{ type: 'text', text: messages.at(-1)?.content ?? '' }] }),
  });
  const tts = await startCartesiaFake({ apiKey, record: false, msPerChar });
  const carrier = await startTwilioFake({ reaction: () => 'busy' });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  const { accountSid, authToken, url: baseUrl } = carrier;
  const voicewire = createVoicewire({
    publicUrl: url,
    telephony: [createTwilioTelephony({ accountSid, authToken, baseUrl }), createBrowserTelephony()],
    stt: createDeepgramStt({ apiKey, baseUrl: stt.url }),
    llm: createOpenAiLlm({ apiKey, baseUrl: `${llm.url}/v1` }),
    tts: createCartesiaTts({ apiKey, baseUrl: tts.url }),
    agent: echo,
    maxCalls: 2_000,
    // Odd input is to be taken on a busy machine too, not turned away.
    maxLagMs: 60_000,
    maxLoopUtilization: 1,
    maxLoopUtilization: 1,
    ...options,
  });
  const warnings = {};
  voicewire.on('warning', ({ code }) => (warnings[code] = (warnings[code] ?? 0) + 1));
  const { request, upgrade } = nodeListener(voicewire);
  server.on('request', (incoming, response) => request(incoming, response));
  server.on('upgrade', (incoming, socket, head) => upgrade(incoming, socket, head));
  return {
    url,
    voicewire,
    carrier,
    warnings,
    api: createApi({ voicewire, maxCalls: 2_000 }),
    async close() {
      await carrier.close();
      await voicewire.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      for (const fake of [stt, llm, tts]) await fake.close();
    },
  };
}

/** Callers who talk with the house until they are told to stop; then every word of both sides is counted. */
export async function startWitnesses(house, count) {
  const stop = new AbortController();
  const heardBy = new Map();
  house.voicewire.on('call', (call) => {
    call.on('agent-heard', ({ text }) => heardBy.get(call.callId)?.(text));
  });
  const witnesses = Array.from({ length: count }, (_, index) =>
    witness(house, { index, heardBy, stop: stop.signal }),
  );
  return {
    sids: () => [...heardBy.keys()],
    /** What was harmed, in words; and how many turns were spoken. */
    async end() {
      stop.abort();
      const told = await Promise.all(witnesses);
      return {
        turns: told.reduce((sum, { turns }) => sum + turns, 0),
        harmed: told.flatMap(({ harm }) => harm),
      };
    },
  };
}

async function witness({ carrier, url }, { index, heardBy, stop }) {
  // They do not call all at once, as people don't.
  await pause(index * 97);
  const call = carrier.call({ ...numbers, url: `${url}/voicewire/twilio/voice` });
  const expected = [greeting];
  let tell = () => {};
  const answered = () => new Promise((resolve) => (tell = resolve));
  heardBy.set(call.sid, (text) => tell(text));
  const hasAnswered = async (answer) => {
    const limit = new AbortController();
    const late = pause(answerMs, undefined, { signal: limit.signal }).catch(() => undefined);
    const text = await Promise.race([answer, late]);
    limit.abort();
    return text;
  };
  const harm = [];
  let answer = answered();
  if ((await hasAnswered(answer)) === undefined) harm.push(`witness ${index} was not greeted`);
  let turns = 0;
  for (; !stop.aborted && harm.length === 0; turns += 1) {
    const said = `w${index} t${turns} over`;
    expected.push(said);
    answer = answered();
    await call.speak(speechSound(said, mulaw, msPerChar));
    const text = await hasAnswered(answer);
    if (text?.trim() !== said) harm.push(`witness ${index} said "${said}" and was answered "${text}"`);
  }
  await pause(300);
  call.hangup();
  await call.ended;
  const heard = readWords(call.heard, mulaw).map(({ text }) => text);
  const due = wordsAsHeard(expected.join(' '));
  if (heard.join(' ') !== due.join(' ')) harm.push(`witness ${index} heard ${firstDifference(heard, due)}`);
  harm.push(...call.problems.map((problem) => `the carrier of witness ${index}: ${problem}`));
  return { turns, harm };
}

function firstDifference(heard, due) {
  const at = due.findIndex((word, place) => heard[place] !== word);
  const place = at < 0 ? due.length : at;
  const around = (words) => words.slice(Math.max(0, place - 2), place + 4).join(' ');
  return `"${around(heard)}" in place of "${around(due)}" (word ${place} of ${due.length})`;
}
