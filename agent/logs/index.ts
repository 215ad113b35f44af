export { createLogSearch, type LogSearch } from './search.js';
export { readSinceStart } from './since-start.js';
