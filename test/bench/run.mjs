// `npm run bench NAME [-- --json …]`: runs test/bench/NAME.ts on the built programs; works on a fresh clone.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCodeOf, root, setUp } from '../../deploy/demo/set-up.mjs';

const [name, ...args] = process.argv.slice(2);
const names = (await readdir(import.meta.dirname)).filter((file) => file.endsWith('.ts')).map((file) => file.slice(0, -3));
if (name === undefined || !names.includes(name)) {
  console.error(`bench: ${name === undefined ? 'which one' : `there is no "${name}"`}; one of: ${names.join(', ')}`);
  process.exit(2);
}
await setUp();
process.exitCode = await exitCodeOf(process.execPath, ['--import', 'tsx', join(root, 'test/bench', `${name}.ts`), ...args]);
