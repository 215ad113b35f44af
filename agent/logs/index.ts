export { readSinceStart } from './since-start.js';
