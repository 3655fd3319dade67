// The adapter: a page takes the place of the carrier and its telephone.
import {
  healthKey,
  parseOptions,
  ProviderError,
  type AudioFormat,
  type MediaUpgrade,
  type TelephonyAdapter,
  type TelephonyCapabilities,
} from '@voicewire/core/adapter';
import { openBrowserMedia } from './browser-media.js';
import { hangUp, type Session } from './browser-session.js';
import { browserOptionsSchema, type BrowserTelephonyOptions } from './browser-options.js';
import { frameMs, sampleRates } from './browser-wire.js';

/**
 * Calls from web pages over WebSocket. Mount `media`, give the page a single-use token, and open the other end in the
 * page with `createBrowserPhone` of `@voicewire/telephony-browser/client`. Throws `ConfigError` for wrong options.
 */
export function createBrowserTelephony(options: BrowserTelephonyOptions = {}): TelephonyAdapter {
  const { tracks = ['caller'], allowedOrigins } = parseOptions('browser', browserOptionsSchema, options);
  const calls = new Set<Session>();

  return {
    kind: 'telephony',
    specVersion: 1,
    provider: 'browser',
    healthKey: healthKey('browser', 'page', ''),
    capabilities: capabilitiesFor(tracks),
    media: {
      transport: 'websocket',
      role: 'accept',
      ...(allowedOrigins && { verifyUpgrade: (upgrade) => checkOrigin(upgrade, allowedOrigins) }),
      open: (request) => openBrowserMedia({ ...request, allowedTracks: tracks, calls }),
    },
    control: {
      hangup: (callId) => {
        // The name is the page's word: should two claim it, both go.
        for (const session of calls) if (session.call?.id === callId) hangUp(session);
        return Promise.resolve();
      },
    },
  };
}

function capabilitiesFor(tracks: readonly string[]): TelephonyCapabilities {
  const formats = sampleRates.map((sampleRate): AudioFormat => ({
    encoding: 'pcm_s16le',
    sampleRate,
    channels: 1,
  }));
  return {
    inbound: formats,
    outbound: formats,
    frameMs,
    pacing: 'carrier',
    marks: 'played',
    clearReturnsMarks: false,
    clear: true,
    dtmfIn: true,
    dtmfOut: false,
    tracks,
    transcripts: true,
    control: {
      dial: false,
      hangup: true,
      transfer: false,
      warmTransfer: false,
      hold: false,
      recording: false,
      sendDtmf: false,
      redirect: false,
      status: false,
    },
  };
}

/** Browsers always name the page's origin; the token, which no foreign page has, is what lets a call in. */
function checkOrigin({ headers }: MediaUpgrade, allowed: readonly string[]): void {
  const { origin } = headers;
  if (origin !== undefined && allowed.includes(origin)) return;
  throw new ProviderError({
    class: 'auth',
    provider: 'browser',
    stage: 'telephony',
    message:
      'A page of another origin asked for a media socket. Add its origin to allowedOrigins to let it in.',
  });
}
