// Packs what a host needs into dist/ctl-VERSION-PLATFORM.tar.gz: the built programs, the packages that they load at run time, the units
// and the examples. Unpacked anywhere it runs, with Node alone. `npm run package`, after `npm ci && npm run build`.
import { execFile, spawn } from 'node:child_process';
import { access, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const archive = join('dist', `ctl-${version}-${process.platform}-${process.arch}.tar.gz`);

for (const program of ['ctl.js', 'ctl-controller.js', 'ctl-agent.js']) await access(join(root, 'dist', program)).catch(notBuilt);
const inDist = (await readdir(join(root, 'dist'))).map((name) => join('dist', name));
const [older, built] = [inDist.filter((path) => path.endsWith('.tar.gz')), inDist.filter((path) => !path.endsWith('.tar.gz'))];
for (const path of older) await rm(join(root, path));
const files = ['package.json', 'LICENSE', 'README.md', 'CHANGELOG.md', 'deploy', ...built, ...(await packages())];
await run('tar', [
  '--create',
  '--gzip',
  `--file=${archive}`,
  '--owner=root:0',
  '--group=root:0',
  '--exclude=deploy/demo',
  `--transform=s,^,ctl-${version}/,S`,
  ...files,
]);
console.log(archive);

/** Folders of the packages that are loaded at run time. Programs that recheck brings for other uses than ours are left out. */
async function packages() {
  const list = promisify(execFile);
  // npm ends with 1 for packages that it finds superfluous, and lists the others all the same.
  const { stdout } = await list('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: root, maxBuffer: 1 << 24 }).catch((error) => {
    if (typeof error.stdout === 'string' && error.stdout !== '') return error;
    throw error;
  });
  const paths = stdout
    .trim()
    .split('\n')
    .map((path) => relative(root, path));
  // What lies within another package comes with it.
  return paths.filter((path) => path.lastIndexOf('node_modules/') === 0 && !/^node_modules\/(@types\/|recheck-)/.test(path));
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`))));
  });
}

function notBuilt() {
  console.error('package: the programs are not built: npm run build');
  process.exit(2);
}
