// What applications import from '@voicewire/telephony-browser'. The page's side is the ./client entry.
export { createBrowserTelephony } from './browser-telephony.js';
export type { BrowserTelephonyOptions } from './browser-options.js';
