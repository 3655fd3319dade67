// What can go wrong with a phone in a page, in words for the person in front of it.

const sentences = {
  cancelled: 'The call was ended before it was connected.',
  'insecure-page': 'Browsers give the microphone only to https pages and to this computer’s own (localhost).',
  'microphone-denied':
    'This page may not use the microphone. Allow it in the browser’s address bar, then call again.',
  'microphone-missing': 'No microphone was found. Plug one in, or speak another way.',
  'microphone-busy': 'The microphone can’t be opened. Another program may be using it.',
  'microphone-lost': 'The microphone was unplugged or its permission taken back.',
  'audio-unavailable': 'The browser’s audio could not be started.',
  'recording-unreadable': 'The recording could not be read as audio.',
  'line-unreachable': 'The server could not be reached.',
  'line-refused': 'The server did not take the call. Call again for a new connection.',
  'line-lost': 'The connection to the server was lost.',
  'recogniser-missing': 'This browser has no speech recogniser. Chrome, Edge and Safari have one.',
  'recogniser-denied': 'The browser does not allow its speech recogniser here.',
  'recogniser-offline': 'The browser’s speech recogniser can’t reach its service.',
  'recogniser-failed': 'The browser’s speech recogniser stopped.',
} as const;

/** What went wrong, for programs. */
export type PhoneProblem = keyof typeof sentences;

/** `code` is for programs; `message` is a sentence that can be shown as it is. */
export class PhoneError extends Error {
  override readonly name = 'PhoneError';
  readonly code: PhoneProblem;

  constructor(code: PhoneProblem, cause?: unknown) {
    super(sentences[code], { cause });
    this.code = code;
  }
}
