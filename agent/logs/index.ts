export { rememberAtRest } from './at-rest.js';
export { followCriticalEntries, type CriticalEntry } from './critical-entries.js';
export { readLastEntry } from './last-entry.js';
export { type LogPlace } from './log-place.js';
export { loadRipgrep } from './ripgrep.js';
export { createLogSearch, type LogSearch } from './search.js';
export { type SearchedLog } from './searched-log.js';
export { createSinceStart, type SinceStart } from './since-start.js';
export { type Waker } from './wake.js';
