// `npm run demo [-- --keep | --json | --end FOLDER]`: works on a fresh clone.
import { setUp } from './set-up.mjs';

await setUp();
// Not there before the set-up.
const { register } = await import('tsx/esm/api');
register();
await import('./demo.ts');
