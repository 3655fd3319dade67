// The commands of the terminal, as a person runs them: what is shown, what is saved, how they exit.
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { decodeSamples, readWav } from '@voicewire/core/adapter';
import { readWords, speechSound } from '@voicewire/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { doctorInTerminal } from '../src/doctor-in-terminal.js';
import { talkInTerminal, type TalkArguments } from '../src/talk-in-terminal.js';

const line = { encoding: 'pcm_s16le', sampleRate: 16_000, channels: 1 } as const;
const testing = fileURLToPath(new URL('../../testing/src/index.ts', import.meta.url));

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'voicewire-cli-'));
  await write(
    'adapters.ts',
    `import { createScriptedLlm, createScriptedStt, createScriptedTts } from ${JSON.stringify(testing)};
const script = { responses: (request) => 'you said ' + request.messages.at(-1).content };
export const adapters = {
  stt: { ears: () => createScriptedStt({ provider: 'ears', pauseMs: 200 }) },
  llm: { mind: () => createScriptedLlm({ provider: 'mind', ...script }), slow: () => createScriptedLlm({ ...script, delays: { firstMs: 1500 } }), dead: () => createScriptedLlm({ ...script, faults: () => ({ type: 'refuse' }) }) },
  tts: { voice: () => createScriptedTts({ provider: 'voice', msPerChar: 40 }) },
};`,
  );
  await write(
    'agent.ts',
    "export const agent = { name: 'Test shop', instructions: 'Answer.', greeting: 'hello' };",
  );
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, content);
  return file;
}

const config = (text = ''): Promise<string> =>
  write(
    'voicewire.config.yaml',
    `adapters: ./adapters.ts\nagent: ./agent.ts\nstt: ears\ntts: voice\n${text.includes('llm:') ? '' : 'llm: mind\n'}${text}`,
  );

function readAll(stream: PassThrough): string {
  return (stream.read() as Buffer | null)?.toString() ?? '';
}

async function talk(args: TalkArguments, typed?: (input: PassThrough, output: PassThrough) => Promise<void>) {
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const controller = new AbortController();
  const running = talkInTerminal(args, { input, output, errors, signal: controller.signal });
  await typed?.(input, output);
  const code = await running;
  return { code, shown: readAll(output), errors: readAll(errors), controller };
}

/** 16-bit mono samples as a WAV file. */
function wavOf(audio: Uint8Array): Uint8Array {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + audio.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(16_000, 24);
  header.writeUInt32LE(32_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(audio.length, 40);
  return Buffer.concat([header, audio]);
}

describe('talk', () => {
  it('--say: says lines one after the other, and shows the conversation', async () => {
    const { code, shown, errors } = await talk({ config: await config(), say: 'good day | 42# ' });
    expect(errors).toBe('');
    expect(code).toBe(0);
    expect(shown).toMatch(/^Calling Test shop\. Ears: what you type\. Mind: mind\. Voice: voice\./);
    const spoken = shown.match(/^(caller|agent) .*$/gm)?.map((text) => text.replace(/\s+/g, ' ').trim());
    expect(spoken).toEqual([
      'agent hello',
      'caller good day',
      'agent you said good day',
      'caller 42',
      expect.stringMatching(/^agent you said .*42/),
    ]);
    expect(shown).toMatch(/\d+ ms: ears \d+, waiting \d+, mind \d+, voice \d+/);
    expect(shown).toMatch(/The call is over \(caller-hung-up, [\d.]+ s\)/);
  });

  it('types as a person: also while the agent speaks, until the keyboard is closed', async () => {
    const file = await config();
    const { code, shown } = await talk({ config: file }, async (input) => {
      input.write('what about\n');
      input.end();
      await once(input, 'end');
    });
    expect(code).toBe(0);
    expect(shown).toMatch(/caller {2}what about/);
    expect(shown).toMatch(/agent {3}you said what about/);
  });

  it('a line that is typed is a whole turn: nobody waits for more of it', async () => {
    const file = await config('turn: { endpointMs: 600000 }\n');
    const { shown } = await talk({ config: file, say: 'good day' });
    expect(shown).toMatch(/agent {3}you said good day/);
  });

  it('stays for an answer that takes its time', async () => {
    const file = await config('llm: slow\n');
    const { shown } = await talk({ config: file }, async (input, output) => {
      let seen = '';
      output.on('data', (text: Buffer) => (seen += text.toString()));
      input.write('what about\n');
      await expect.poll(() => seen).toContain('agent   you said what about');
      output.removeAllListeners('data');
      output.pause();
      input.end('and now\n');
    });
    expect(shown).toMatch(/agent {3}you said and now/);
  });

  it('ends when it is told to, and saves what there is', async () => {
    const out = join(directory, 'call.wav');
    const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const controller = new AbortController();
    const running = talkInTerminal(
      { config: await config(), out },
      { input, output, errors, signal: controller.signal },
    );
    let shown = '';
    output.on('data', (text: Buffer) => (shown += text.toString()));
    await expect.poll(() => shown).toContain('agent   hello');
    controller.abort();
    expect(await running).toBe(0);
    expect(shown).toContain('(aborted');
    expect(readWav(await readFile(out)).format.channels).toBe(2);
  });

  it('--wav and --out: plays a recording to the ears, and saves caller left, agent right', async () => {
    const wav = await write('caller.wav', wavOf(speechSound('where is it', line, 60)));
    const out = join(directory, 'call.wav');
    const { code, shown } = await talk({ config: await config(), wav, out });
    expect(code).toBe(0);
    expect(shown).toContain('Ears: ears.');
    expect(shown).toMatch(/caller {2}where is it/);
    expect(shown).toContain(`Saved ${out}`);
    const { audio, format } = readWav(await readFile(out));
    expect(format).toMatchObject({ sampleRate: 16_000, channels: 2 });
    const samples = decodeSamples(audio, 'pcm_s16le');
    const side = (offset: number): string => {
      const mono = samples.filter((_, index) => index % 2 === offset);
      const bytes = new Uint8Array(mono.buffer, mono.byteOffset, mono.byteLength);
      return readWords(bytes, line)
        .map(({ text }) => text)
        .join(' ');
    };
    expect(side(0)).toBe('where is it');
    expect(side(1)).toBe('hello you said where is it');
  });

  it('--json: the log and nothing else', async () => {
    const { code, shown } = await talk({
      config: await config(),
      say: 'hi',
      json: true,
      out: join(directory, 'a.wav'),
    });
    expect(code).toBe(0);
    const events = shown
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { readonly seq: number; readonly type: string });
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect([events[0]?.type, events.at(-1)?.type]).toEqual(['call-started', 'call-ended']);
  });

  it.each<[string, string, TalkArguments, RegExp]>([
    ['no agent', 'agent', { say: 'hi' }, /there is nobody to talk to/],
    ['recording that is none', '', { wav: 'noise.wav' }, /WAV/i],
    ['recording that is not there', '', { wav: 'gone.wav' }, /gone\.wav/],
    ['unknown key', 'colour: red\n', { say: 'hi' }, /voicewire\.config\.yaml:\d+: colour: /],
  ])('says what is wrong and exits with 1: %s', async (_, text, args, message) => {
    await write('noise.wav', 'RIFFxxxxWAVE and nothing that follows from it');
    const file = await config(text === 'agent' ? '' : text);
    if (text === 'agent')
      await writeFile(file, (await readFile(file, 'utf8')).replace('agent: ./agent.ts\n', ''));
    const wav = args.wav === undefined ? {} : { wav: join(directory, args.wav) };
    const { code, errors } = await talk({ ...args, ...wav, config: file });
    expect(code).toBe(1);
    expect(errors).toMatch(message);
  });

  it('exits with 1 when all providers failed', async () => {
    const { code, shown } = await talk({ config: await config('llm: dead\n'), say: 'hi' });
    expect(code).toBe(1);
    expect(shown).toContain('failed (provider.unavailable)');
  });
});

describe('doctor', () => {
  async function examine(file: string, json = false) {
    const output = new PassThrough();
    const code = await doctorInTerminal({ config: file, json }, output);
    return { code, shown: readAll(output) };
  }
  const adapterAt = (url: string): string => `
export const createRemoteLlm = ({ apiKey }) => {
  if (apiKey === undefined) throw new TypeError('no key');
  return { kind: 'llm', specVersion: 1, provider: 'remote', healthKey: 'remote@${url}#0123', capabilities: {}, generate: () => [] };
};`;
  const key = 'sk-live-0123456789';

  it('finds a good configuration in order', async () => {
    const { code, shown } = await examine(await config());
    expect(code).toBe(0);
    expect(shown).toMatch(/✓ config .*voicewire\.config\.yaml/);
    expect(shown).toMatch(/✓ llm +mind: options and keys are in order/);
    expect(shown).toMatch(/· telephony +none/);
    expect(shown).toMatch(/✓ agent +Test shop/);
    expect(shown).toContain('Ready for calls.');
  });

  it('says what a minute would cost, and finds a limit on money that nobody could hold', async () => {
    expect((await examine(await config())).shown).toMatch(/· cost +no prices/);
    const priced =
      'llm: mind\nprices:\n  stt: { ears: { perMinute: 0.01 } }\n  llm: { mind: { perMillionInputTokens: 0.5, perMillionOutputTokens: 2 } }\n';
    const { code, shown } = await examine(await config(priced));
    expect(code).toBe(0);
    expect(shown).toMatch(
      /✓ cost +about 0\.013 a minute \(ears 0\.01, mind 0\.0032, voice without a price\): 6000 tokens/,
    );
    await write(
      'agent.ts',
      "export const agent = { name: 'shop', instructions: 'Answer.', limits: { money: 1 } };",
    );
    const limited = await examine(await config(priced));
    expect(limited.code).toBe(1);
    expect(limited.shown).toMatch(/✗ cost +the agent limits money, and nobody says what voice cost/);
  });

  it('reaches an endpoint without sending anything, and prints no key', async () => {
    const received: Buffer[] = [];
    const server = createServer((socket) => socket.on('data', (data) => received.push(data))).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await write('remote.mjs', adapterAt(`http://127.0.0.1:${port}`));
    process.env['VOICEWIRE_TEST_KEY'] = key;
    const file = await config('llm: { use: ./remote.mjs, apiKey: "${VOICEWIRE_TEST_KEY}" }\n');
    const { code, shown } = await examine(file);
    expect(code).toBe(0);
    expect(shown).toContain(`127.0.0.1:${port} accepts connections; the key was not tried`);
    expect(shown).not.toContain(key);
    server.close();
    await once(server, 'close');
    expect(received).toEqual([]);

    const closed = await examine(file, true);
    expect(closed.code).toBe(1);
    expect(JSON.parse(closed.shown)).toMatchObject({ isHealthy: false });
    expect(closed.shown).toContain(`127.0.0.1:${port}: no connection (ECONNREFUSED); check the address`);
    expect(closed.shown).toContain('voicewire.config.yaml:5 llm)');
    expect(closed.shown).not.toContain(key);
    delete process.env['VOICEWIRE_TEST_KEY'];
  });

  it.each<[string, string, RegExp]>([
    [
      'missing variable',
      'llm: { use: mind, apiKey: "${VOICEWIRE_NO_KEY}" }\n',
      /✗ llm\.apiKey .*yaml:5 .*VOICEWIRE_NO_KEY is not set/,
    ],
    ['unknown provider', 'llm: opnai\n', /✗ llm .*did you mean "openai"/],
    ['package not installed', 'llm: acme\n', /npm install @voicewire\/llm-acme/],
    [
      'secret written down',
      `llm: { use: mind, apiKey: ${key} }\n`,
      /✗ llm\.apiKey .*a secret is written down/,
    ],
  ])('says what is to be mended: %s', async (_, text, message) => {
    const { code, shown } = await examine(await config(text));
    expect(code).toBe(1);
    expect(shown).toMatch(message);
    expect(shown).not.toContain(key);
    expect(shown).toContain('Mend what is marked ✗.');
  });
});
