// Asking for the microphone.
import { PhoneError, type PhoneProblem } from './phone-error.js';

/** https://www.w3.org/TR/mediacapture-streams/#methods-5 names them. */
const problems: Readonly<Record<string, PhoneProblem>> = {
  NotAllowedError: 'microphone-denied',
  SecurityError: 'microphone-denied',
  NotFoundError: 'microphone-missing',
  OverconstrainedError: 'microphone-missing',
  NotReadableError: 'microphone-busy',
  AbortError: 'microphone-busy',
};

/** One channel, with the browser's echo cancellation, noise suppression and gain control. Throws `PhoneError`. */
export async function openMicrophone(): Promise<MediaStream> {
  // Absent on insecure pages, whatever the type says.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) throw new PhoneError('insecure-page');
  const audio = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  try {
    return await devices.getUserMedia({ audio });
  } catch (error) {
    throw new PhoneError(problems[(error as DOMException).name] ?? 'microphone-busy', error);
  }
}
