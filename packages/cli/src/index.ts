// What programs import from 'voicewire': the commands of the terminal as functions.
export { talk, type TalkOptions } from './talk.js';
export { doctor, type DoctorOptions, type DoctorReport } from './doctor.js';
