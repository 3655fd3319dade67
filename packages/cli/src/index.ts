// What programs import from 'voicewire': the commands of the terminal as functions.
export { talk, type TalkOptions } from './talk.js';
export { testScenarios, type TestScenariosOptions, type TestedScenario } from './test-scenarios.js';
export { doctor, type DoctorOptions, type DoctorReport } from './doctor.js';
export { fallback, type FallbackOptions } from './fallback.js';
