// Starts the reference server, says what each stage uses, and stops it gracefully.
import { ConfigError } from '@voicewire/core';
import { pino } from 'pino';
import { describeStages } from './demo.js';
import { startServer } from './server.js';

const graceMs = 30_000;
const log = pino({ base: null, redact: ['*.from', '*.to', '*.token'] });

try {
  const server = await startServer({
    configFile: process.env['VOICEWIRE_CONFIG'],
    publicUrl: process.env['PUBLIC_URL'],
    onWarning: (warning) => {
      log.warn(warning);
    },
  });
  const { telephony } = server.loaded.providers;
  const stages = describeStages(server.loaded.providers).map(
    ({ stage, label }) => `  ${stage.padEnd(10)}${label}`,
  );
  process.stdout.write(
    [
      '',
      `Voicewire is ready: ${server.url}`,
      '',
      ...stages,
      `  ${'telephony'.padEnd(10)}${telephony.map(({ provider }) => provider).join(', ')}`,
      '',
      'Open the page to talk to the shop: by microphone, by typing, or by playing a recorded caller.',
      `API: ${server.url}/docs   Webhooks and media: http://127.0.0.1:${server.mediaPort} (what a tunnel should name, as PUBLIC_URL)`,
      'With keys in the environment (see .env.example) the real providers are used. Ctrl+C ends.',
      '',
    ].join('\n'),
  );
  server.voicewire.on('call', (call, { provider }) => {
    log.info({ callId: call.callId, provider }, 'call started');
  });
  server.voicewire.on('call-over', ({ callId, events }) => {
    const end = events.findLast((event) => event.type === 'call-ended');
    log.info({ callId, reason: end?.reason, durationMs: Math.round(end?.durationMs ?? 0) }, 'call over');
  });
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    log.info({ calls: server.voicewire.calls.size }, 'stopping: no new calls; again to stop at once');
    void server.close(graceMs).then(() => process.exit(0));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
} catch (error) {
  const text = ConfigError.is(error) ? error.message : describe(error);
  process.stderr.write(`Voicewire could not start.\n${text}\n`);
  process.exitCode = 1;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'Something went wrong.';
  if (!('code' in error && error.code === 'EADDRINUSE')) return error.stack ?? error.message;
  return `${error.message}. Stop what listens there, or choose other ports: PORT=8090 MEDIA_PORT=8091 npm start`;
}
