export { createLogSearch, type LogSearch } from './search.js';
export { type SearchedLog } from './searched-log.js';
export { createSinceStart, type SinceStart } from './since-start.js';
