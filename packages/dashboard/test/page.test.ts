// The built page in headless Chromium, against a small fake of the reference server's demo on loopback.
import axe from 'axe-core';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dashboardFolder, serveDashboard } from '../src/index.js';
import { launchChromium, noChromium } from './chromium.js';
import { lines, startDemoServer, type DemoServer } from './demo-server.js';
import { describeRealServer } from './real-server.js';

beforeAll(async () => {
  // As it is shipped: the test runner's own setting would put React's development build into the page.
  const { NODE_ENV } = process.env;
  process.env['NODE_ENV'] = 'production';
  const configFile = fileURLToPath(new URL('../vite.config.ts', import.meta.url));
  await build({ configFile, logLevel: 'error' });
  process.env['NODE_ENV'] = NODE_ENV;
});

describe('the built page', () => {
  const get = (path: string, init?: RequestInit) =>
    serveDashboard(new Request(`http://127.0.0.1${path}`, init), { connectSources: ['ws://127.0.0.1:8081'] });

  it('weighs no more than 150 KB of script, compressed', async () => {
    const files = await readdir(dashboardFolder, { recursive: true });
    const scripts = await Promise.all(
      files.filter((file) => file.endsWith('.js')).map((file) => readFile(join(dashboardFolder, file))),
    );
    const size = scripts.reduce((sum, script) => sum + gzipSync(script).length, 0);
    expect(size).toBeGreaterThan(10_000);
    expect(size).toBeLessThan(150_000);
  });

  it('is served with a policy that allows nothing from elsewhere', async () => {
    const response = await get('/');
    expect(response?.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = response?.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self' ws://127.0.0.1:8081");
    expect(policy).not.toMatch(/unsafe|data:|blob:|\*/);
  });

  it('answers what has not changed with 304, and other methods with 405', async () => {
    const etag = (await get('/'))?.headers.get('etag') ?? '';
    expect((await get('/', { headers: { 'if-none-match': etag } }))?.status).toBe(304);
    expect((await get('/', { method: 'POST' }))?.status).toBe(405);
    expect(await (await get('/', { method: 'HEAD' }))?.text()).toBe('');
  });

  it('leaves every other path to the server', () => {
    for (const path of ['/api/v1/demo', '/assets', '/assets/', '/..%2fpackage.json', '/index.html/']) {
      expect(get(path), path).toBeUndefined();
    }
  });
});

describe.skipIf(noChromium)(`the page${noChromium ? ` (skipped: ${noChromium})` : ''}`, () => {
  let browser: Browser;
  let server: DemoServer;
  let page: Page;
  /** Whatever the browser complained about. */
  let complaints: string[];
  let requested: string[];

  beforeAll(async () => {
    browser = await launchChromium();
    server = await startDemoServer();
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });
  afterEach(async () => {
    await page.context().close();
    expect(complaints).toEqual([]);
  });

  async function open(options: BrowserContextOptions = {}, script?: () => void): Promise<void> {
    const context = await browser.newContext(options);
    page = await context.newPage();
    complaints = [];
    requested = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requested.push(request.url()));
    if (script) await page.addInitScript(script);
    await page.goto(server.url);
    await page.getByRole('button', { name: 'Call' }).waitFor();
  }

  const choose = (name: RegExp) => page.getByRole('radio', { name }).click();
  const call = () => page.getByRole('button', { name: 'Call', exact: true }).click();
  const hangUp = () => page.getByRole('button', { name: 'Hang up' }).click();
  const transcript = () => page.getByRole('log');
  const say = async (text: string) => {
    await page.getByLabel('What the caller says').fill(text);
    await page.keyboard.press('Enter');
  };
  const lastEvent = (type: string) => server.log.findLast((event) => event.type === type);

  it('lets a recorded caller make the whole call by itself', async () => {
    await open();
    expect(await page.title()).toBe('Voicewire');
    await call();
    await transcript().getByText('Ride safely.').waitFor();
    for (const line of lines) await transcript().getByText(line).waitFor();
    expect(server.posted.at(-1)).toMatchObject({ speak: 'recorded' });
    const tool = transcript().getByText('order_status');
    await tool.waitFor();
    await transcript().getByRole('button', { name: 'Result' }).click();
    await transcript().getByText('out for delivery",').waitFor();
    await transcript().getByText('835 ms').waitFor();
    // Maya waited for each answer.
    expect(await transcript().locator('del').count()).toBe(0);
    await hangUp();
    await transcript().getByText('You hung up.').waitFor();
    await page.getByRole('button', { name: 'Call again' }).waitFor();
  }, 120_000);

  it('shows what a caller says as text, whatever it looks like', async () => {
    await open();
    await choose(/Type/);
    await call();
    const said = `<img src="x" onerror="document.title='gone'"> <b>bold</b> [me](javascript:alert(1))`;
    await say(said);
    await transcript().getByText(said).first().waitFor();
    expect(await transcript().locator('img, b, a').count()).toBe(0);
    expect(await page.title()).toBe('Voicewire');
    await hangUp();
  }, 120_000);

  it('lets a typing caller interrupt, and strikes what was not heard', async () => {
    await open();
    await choose(/Type/);
    await call();
    await transcript().getByText('good morning').waitFor();
    await say('Where is my order?');
    await transcript().getByText('Where is my order?').waitFor();
    const struck = transcript().locator('del').first();
    await struck.waitFor();
    expect(lastEvent('agent-heard')).toMatchObject({ outcome: 'interrupted' });
    expect(await struck.textContent()).toContain('How can I help?');
    await page.getByRole('button', { name: 'Let me talk to a person.' }).click();
    await transcript().getByText('Let me talk to a person.').waitFor();
    await hangUp();
  });

  it('hears a microphone through the browser’s recogniser, and says where the voice goes', async () => {
    await open({ permissions: ['microphone'] }, () => {
      class Injected {
        onresult: ((event: unknown) => void) | null = null;
        onend: (() => void) | null = null;
        start(): void {
          Object.assign(window, { recognition: this });
        }
        abort(): void {
          Object.assign(window, { recognition: undefined });
          this.onend?.();
        }
      }
      Object.assign(window, { SpeechRecognition: Injected });
    });
    await choose(/Microphone/);
    await page.getByText('Chrome sends it to Google').waitFor();
    await call();
    await transcript().getByText('good morning').waitFor();
    const hear = (transcriptText: string, isFinal: boolean) =>
      page.evaluate(
        ([said, final]) => {
          const result = Object.assign([{ transcript: said, confidence: 0.9 }], { isFinal: final });
          const { recognition } = window as unknown as { recognition: { onresult(event: unknown): void } };
          recognition.onresult({ resultIndex: 0, results: [result] });
        },
        [transcriptText, isFinal] as const,
      );
    await page.waitForFunction(() => 'recognition' in window);
    await hear('when are', false);
    await transcript().getByText('when are…').waitFor();
    await hear('when are you open', true);
    await transcript().getByText('when are you open', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Mute' }).click();
    await page.getByRole('button', { name: 'Muted', pressed: true }).waitFor();
    expect(await page.evaluate(() => (window as { recognition?: unknown }).recognition)).toBeUndefined();
    await hangUp();
  });

  it('says in words why there is no microphone', async () => {
    await open({ permissions: [] }, () => Object.assign(window, { SpeechRecognition: Object }));
    await choose(/Microphone/);
    await call();
    await page.getByRole('alert').getByText('This page may not use the microphone.').waitFor();
    await page.getByRole('button', { name: 'Call', exact: true }).waitFor();
  });

  it('says in words that a browser has no recogniser, and lets the server’s ears try', async () => {
    await open({ permissions: ['microphone'] }, () =>
      Object.assign(window, { SpeechRecognition: undefined, webkitSpeechRecognition: undefined }),
    );
    await choose(/Microphone/);
    await page.getByText('This browser can’t recognise speech').waitFor();
    await call();
    await transcript().getByText('good morning').waitFor();
    expect(server.posted.at(-1)).toEqual({ speak: 'microphone', recogniser: 'server' });
    await hangUp();
  });

  it('sends keys', async () => {
    await open();
    await choose(/Type/);
    await call();
    await page.getByRole('button', { name: 'Keypad' }).click();
    const keypad = page.getByRole('group', { name: 'Keypad' });
    for (const name of ['1', 'Star', '0', 'Hash']) await keypad.getByRole('button', { name }).click();
    await transcript().getByText('1*0#').waitFor();
    await hangUp();
  });

  it('can be used without a mouse', async () => {
    await open();
    const press = (key: string) => page.keyboard.press(key);
    await press('Tab');
    // Held as long as a finger does.
    await page.keyboard.press('ArrowLeft', { delay: 50 });
    await page.getByRole('radio', { name: /Type/, checked: true }).waitFor();
    await press('Tab');
    await press('Enter');
    await transcript().getByText('good morning').waitFor();
    // The field to write in has the focus as soon as it is of use.
    await page.keyboard.type('Hello there');
    await press('Enter');
    await transcript().getByText('Hello there').waitFor();
    for (let count = 0; count < 20; count += 1) {
      await press('Tab');
      if (
        await page
          .getByRole('button', { name: 'Hang up' })
          .evaluate((button) => button === document.activeElement)
      )
        break;
    }
    await press('Enter');
    await transcript().getByText('You hung up.').waitFor();
  });

  it('tells failures of the server in words', async () => {
    await open();
    await choose(/Type/);
    server.refuseNextCall(429);
    await call();
    await page.getByRole('alert').getByText('takes no more calls').waitFor();
    expect(complaints.splice(0)).toMatchObject([/429/]);
    await call();
    await transcript().getByText('good morning').waitFor();
    server.tell({ type: 'provider-failed', stage: 'tts', provider: 'loudly', handled: true });
    server.tell({ type: 'error', stage: 'tool', message: 'The tool took too long.' });
    server.tell({ type: 'provider-used', stage: 'tts', provider: 'flite' });
    await transcript().getByText('loudly failed.').waitFor();
    await transcript().getByText('flite took over.').waitFor();
    await transcript().getByText('The tool took too long.').waitFor();
    server.cutMedia();
    await page.getByRole('alert').getByText('The connection to the server was lost.').waitFor();
    await page.getByRole('button', { name: 'Call again' }).waitFor();
  });

  it('shows which provider is left alone, why and for how long, and no other', async () => {
    const fine = { stage: 'tts', provider: 'flite', state: 'closed', retry_after_ms: 0 };
    const resting = { stage: 'tts', provider: 'acme', state: 'open', retry_after_ms: 4_200 };
    const locked = { stage: 'llm', provider: 'mind', state: 'open', retry_after_ms: null };
    server.setHealth([
      fine,
      { ...resting, cause: 'provider.unavailable' },
      { ...locked, cause: 'provider.auth' },
      'nonsense',
    ]);
    await open();
    await page.getByText('acme is left alone for 5 s (provider.unavailable)').waitFor();
    await page.getByText('mind is left alone until its configuration changes (provider.auth)').waitFor();
    expect(await page.getByText('flite is').count()).toBe(0);
    server.setHealth([fine]);
    await page.getByText('acme is left alone').waitFor({ state: 'detached' });
  });

  it('tells that the agent hung up', async () => {
    await open();
    await choose(/Type/);
    await call();
    await transcript().getByText('good morning').waitFor();
    server.tell({ type: 'call-ended', reason: 'agent-hung-up', durationMs: 1 });
    server.hangUp();
    await transcript().getByText('The agent said goodbye and hung up.').waitFor();
  });

  it('asks nobody but its server', async () => {
    await open();
    await choose(/Type/);
    await call();
    await transcript().getByText('good morning').waitFor();
    expect(requested.length).toBeGreaterThan(5);
    expect(requested.filter((url) => !url.startsWith(server.url))).toEqual([]);
    await hangUp();
  });

  it('shows no more motion than the person wants', async () => {
    await open({ reducedMotion: 'reduce' });
    await choose(/Type/);
    await call();
    await transcript().getByText('good morning').waitFor();
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    expect(await page.locator('svg path.stroke-copper').first().getAttribute('d')).toBeNull();
    await hangUp();
  });

  describe.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)('in %s, %i wide', (colorScheme, width) => {
    const look = {
      colorScheme,
      viewport: { width, height: 800 },
      reducedMotion: 'reduce',
    } as const;

    async function expectNoBarriers(): Promise<void> {
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<axe.AxeResults>('axe.run()');
      expect(violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([]);
    }

    it('has no barriers that axe finds, and nothing wider than the screen', async () => {
      await open(look);
      for (const mode of [/Microphone/, /Type/, /Recording/]) {
        await choose(mode);
        await expectNoBarriers();
      }
      await choose(/Type/);
      await call();
      await transcript().getByText('good morning').waitFor();
      await expectNoBarriers();
      await hangUp();
      await choose(/Recording/);
      await page.getByRole('button', { name: 'Call again' }).click();
      await page.getByRole('button', { name: 'Keypad' }).click();
      await page.getByRole('button', { name: `Say now: ${lines[0]}` }).click();
      await transcript().getByRole('button', { name: 'Result' }).click();
      server.tell({ type: 'transcript-partial', track: 'caller', text: 'and then' });
      server.tell({ type: 'error', stage: 'tool', message: 'The tool took too long.' });
      server.tell({ type: 'dtmf', digit: '5' });
      server.tell({ type: 'tool-started', id: 'slow', name: 'slow_tool', argumentsText: '{}', turnId: 2 });
      await transcript().getByText('slow_tool').waitFor();
      await expectNoBarriers();
      const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate(overflow)).toBe(0);
      await hangUp();
      await page.getByRole('button', { name: 'Call again' }).waitFor();
      await expectNoBarriers();
    }, 120_000);
  });
});

describe.skipIf(noChromium)('the page on the reference server', describeRealServer);
