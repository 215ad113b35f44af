/** In a file of its own, to be loaded on demand: a bundle gives a package of CommonJS no names when it is imported like that itself. */
export { Agent } from 'undici';
