// What applications import from '@voicewire/telephony-twilio'.
export { createTwilioTelephony } from './telephony-twilio.js';
export type { TwilioTelephonyOptions } from './twilio-options.js';
