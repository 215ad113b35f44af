// Installs and builds what is missing, in this folder only. For the commands that have to work on a fresh clone; needs nothing but node and npm.
import { spawn } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** `npm ci` if the packages are missing or older than the lock, a build if the programs are missing or older than their sources. */
export async function setUp() {
  await checkNode();
  if (!((await changed('package-lock.json')) <= (await changed('node_modules/.package-lock.json')))) {
    say('installing the packages (npm ci)');
    await run(...npm('ci'));
  }
  await buildIfOld();
}

/** Resolves with the exit code; 1 if a signal ended it. Its output goes where ours goes. */
export function exitCodeOf(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

export const say = (text) => console.error(`· ${text}`);

const PROGRAMS = ['dist/ctl.js', 'dist/ctl-controller.js', 'dist/ctl-agent.js'];
const SOURCES = ['shared', 'controller', 'agent', 'deploy/build.mjs', 'package-lock.json'];

async function checkNode() {
  const { engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const wanted = /(\d+)\.(\d+)/.exec(engines.node).slice(1).map(Number);
  const found = process.versions.node.split('.').map(Number);
  if (found[0] > wanted[0] || (found[0] === wanted[0] && found[1] >= wanted[1])) return;
  console.error(`this is node ${process.versions.node}; node ${engines.node} is needed`);
  process.exit(2);
}

async function buildIfOld() {
  const built = Math.min(...(await Promise.all(PROGRAMS.map(changed))).map((at) => (Number.isNaN(at) ? 0 : at)));
  const newest = Math.max(...(await Promise.all(SOURCES.map(newestIn))));
  if (built > newest) return;
  say('building the programs');
  await run(process.execPath, ['deploy/build.mjs']);
}

/** The npm that runs us, if one does. */
function npm(...args) {
  const { npm_execpath: path } = process.env;
  return path?.endsWith('.js') ? [process.execPath, [path, ...args]] : ['npm', args];
}

async function run(command, args) {
  // stdout belongs to the command that needed the set-up.
  const code = await exitCodeOf(command, args, { stdio: ['ignore', 2, 2] });
  if (code === 0) return;
  console.error(`${[command, ...args].join(' ')} ended with ${code}`);
  process.exit(2);
}

/** Time of the last change; NaN if it does not exist, which compares as false with everything. */
async function changed(path) {
  try {
    return (await stat(join(root, path))).mtimeMs;
  } catch (error) {
    if (error.code === 'ENOENT') return NaN;
    throw error;
  }
}

async function newestIn(path) {
  const info = await stat(join(root, path));
  if (!info.isDirectory()) return info.mtimeMs;
  const inside = await readdir(join(root, path), { withFileTypes: true });
  return Math.max(info.mtimeMs, ...(await Promise.all(inside.map((entry) => newestIn(join(path, entry.name))))));
}
