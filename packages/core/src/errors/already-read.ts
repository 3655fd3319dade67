// A stream has one reader; this is what a second one gets.
import { BaseVoiceError } from './voice-error.js';

export function alreadyRead(): BaseVoiceError {
  return new BaseVoiceError({
    code: 'stream.already_read',
    class: 'invalid_request',
    message:
      'This stream is already being read. A stream has one reader: read it in one loop and hand its events on.',
  });
}
