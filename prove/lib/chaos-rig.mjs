// One application under fire: shipped packages and sockets all the way; a proxy before each provider of the stage that is struck.
import { createServer } from 'node:http';
import { createVoicewire, nodeListener } from '@voicewire/core';
import { createTwilioTelephony } from '@voicewire/telephony-twilio';
import { createTwilioCarrier } from '@voicewire/telephony-twilio/fake';
import { connectWireCaller, startChaosProxy } from '@voicewire/testing';
import { answerWords } from './chaos-words.mjs';
import { healthy, providers } from './chaos-providers.mjs';

const account = { accountSid: `AC${'0'.repeat(32)}`, authToken: 'chaos-auth-token-0123456789abcdef' };

/**
 * Starts it. `chain`: names of providers of one stage, the primary first; each gets a proxy. `fakes`: options of a fake by
 * its name. The other stages have one healthy provider each.
 */
export async function openRig({ chain, fakes = {}, agent = {}, settings = {}, seed = 1 }) {
  const { stage } = providers[chain[0]];
  const closing = [];
  const start = async (name) => {
    const options = providers[name].stage === 'llm' ? { script: answer } : {};
    const fake = await providers[name].start({ ...options, ...fakes[name] });
    closing.push(() => fake.close());
    return fake;
  };
  const struck = await Promise.all(
    chain.map(async (name) => {
      const fake = await start(name);
      const { createWordReader } = providers[name];
      const proxy = await startChaosProxy({ target: fake.url, seed, createWordReader, record: false });
      closing.unshift(() => proxy.close());
      return { name, fake, proxy, adapter: providers[name].create(proxy.url) };
    }),
  );
  const stages = { [stage]: struck.map(({ adapter }) => adapter) };
  for (const [other, name] of Object.entries(healthy)) {
    stages[other] ??= [providers[name].create((await start(name)).url)];
  }

  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const voicewire = createVoicewire({
    publicUrl: `http://127.0.0.1:${server.address().port}`,
    telephony: [createTwilioTelephony(account)],
    ...stages,
    agent: { name: 'chaos', instructions: 'Answer.', ...agent },
    // Callers, providers and proxies share this process: its load says nothing about the application's.
    maxCalls: 1_000,
    maxLagMs: Infinity,
    maxLoopUtilization: 1,
    ...settings,
  });
  const { request, upgrade } = nodeListener(voicewire);
  server.on('request', (incoming, response) => request(incoming, response));
  server.on('upgrade', (incoming, socket, head) => upgrade(incoming, socket, head));
  closing.unshift(
    () => voicewire.close(),
    () => new Promise((resolve) => server.close(resolve)),
  );
  // Phrases are rendered over the same sockets: done with before anything is struck.
  await voicewire.ready;
  return {
    voicewire,
    struck,
    async close() {
      for (const close of closing) await close();
    },
  };
}

let lines = 0;

/** Brings one call over the carrier's own socket; `script` is what the caller does. Resolves when it is connected. */
export async function connect({ voicewire }, script) {
  const { callId, token, mediaUrl: url } = voicewire.invite({ provider: 'twilio' });
  const arrived = new Promise((resolve) => {
    const stop = voicewire.on('call', (call, record) => {
      if (record.callId !== callId) return;
      stop();
      resolve(call);
    });
  });
  lines += 1;
  const streamId = `MZ${lines.toString(16).padStart(32, '0')}`;
  const line = { callId: `CA${lines.toString(16).padStart(32, '0')}`, streamId, token };
  const caller = await connectWireCaller(createTwilioCarrier(account), {
    url,
    call: line,
    script,
    maxCallMs: 45_000,
  });
  return { caller, call: await arrived };
}

/**
 * The answer, a word at a time; asked to go on, the rest of it. As real models do, some say again the last words they were
 * given: how many depends on how far the answer had come.
 */
function answer({ messages }) {
  const begun = messages.findLast(({ role }) => role === 'assistant');
  const place = messages.indexOf(begun);
  const words = typeof begun?.content === 'string' ? begun.content.split(/\s+/).filter(Boolean) : [];
  const goesOn = begun !== undefined && place >= messages.length - 2 && words.length < answerWords.length;
  const from = goesOn ? Math.max(0, words.length - (words.length % 3)) : 0;
  const rest = answerWords.slice(from).map((word, index) => (index === 0 ? word : ` ${word}`));
  return { parts: rest.map((text) => ({ type: 'text', text })) };
}
