// Visitors of a site, in whatever network they are started in: `visitors-main.mjs URL`. Says "established" when all have been served once;
// SIGTERM ends them, and the last line is what they saw, as JSON. Needs tsx.
import { startLoad } from '../../../deploy/demo/load.ts';

const load = startLoad({ url: process.argv[2], busy: 8, idle: 4, single: 2, thinkMs: 40 });
const over = new Promise((resolve) => process.once('SIGTERM', resolve));
await Promise.race([load.established, over]);
console.log('established');
await over;
console.log(JSON.stringify(await load.stop()));
