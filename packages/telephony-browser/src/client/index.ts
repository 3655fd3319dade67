// What pages import from '@voicewire/telephony-browser/client'. No dependency, nothing of Node.
export {
  createBrowserPhone,
  type BrowserPhone,
  type BrowserPhoneOptions,
  type Destination,
  type PhoneEvent,
} from './browser-phone.js';
export type { Levels } from './handset.js';
export { PhoneError, type PhoneProblem } from './phone-error.js';
export {
  findSpeechRecognition,
  type RecogniserOptions,
  type SpeechRecognitionConstructor,
  type SpeechRecognitionLike,
} from './recogniser.js';
