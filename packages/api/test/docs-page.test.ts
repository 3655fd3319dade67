// The documentation page in a real browser: it shows the routes, and asks nobody but us.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createVoicewire } from '@voicewire/core';
import { createScriptedStt } from '@voicewire/testing';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { createApi } from '../src/index.js';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

test.skipIf(!existsSync(executablePath))(
  'the page shows every route and loads nothing from elsewhere',
  async () => {
    const voicewire = createVoicewire({
      publicUrl: 'http://localhost',
      telephony: [],
      stt: createScriptedStt(),
    });
    const api = createApi({ voicewire });
    const server = createServer((request, response) => {
      void (async () => {
        const answer = await api.fetch(
          new Request(`http://${request.headers.host ?? ''}${request.url ?? ''}`),
        );
        response.writeHead(answer.status, Object.fromEntries(answer.headers));
        response.end(Buffer.from(await answer.arrayBuffer()));
      })();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
    });
    try {
      const page = await browser.newPage();
      const asked: string[] = [];
      const complaints: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      page.on(
        'console',
        (message) =>
          message.type() === 'error' && complaints.push(`${message.text()} ${message.location().url}`),
      );
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(`${origin}/docs`);
      await page.getByText('Hang up').first().waitFor();
      await page.getByText('The call log, live (Server-Sent Events)').first().waitFor();
      expect(asked.filter((url) => !url.startsWith(origin) && !url.startsWith('data:'))).toEqual([]);
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
      await voicewire.close();
      server.close();
    }
  },
);
