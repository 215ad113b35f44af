// Bundles the programs into dist/: `node deploy/build.mjs [--out DIR] [NAME …]`.
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build, transform } from 'esbuild';

/**
 * Each has its packages inside: it starts sooner, and takes a quarter less memory, than one that reads two hundred files of node_modules.
 * What it may not need (for `ctl`: gRPC, the reader of cluster.ini, embedded mode) lies beside it in a folder of its name, loaded on
 * demand. These are chunks of one bundle rather than bundles of their own, so that there is one AppError. What is native (libsql,
 * ripgrep) is taken from node_modules.
 */
const PROGRAMS = {
  ctl: 'controller/ctl/main.ts',
  'ctl-controller': 'controller/main.ts',
  'ctl-agent': 'agent/main.ts',
};

/** Of gRPC, for parts of it that nothing here uses; it asks for it when they are used. A third of the size of all of it. */
const UNUSED = ['@grpc/proto-loader'];

/** Packages in CommonJS ask for `require`, which a module does not have. */
const REQUIRE = "import{createRequire as ctlRequire}from'node:module';const require=ctlRequire(import.meta.url);";

/**
 * `ctl` is started all day: `START` loads its pieces, with the code that V8 made of them in a first run here. For that they have to be
 * CommonJS; esbuild can only split modules, so they become it afterwards.
 */
const COMMON_JS = ['ctl'];
const START = 'controller/ctl/start.ts';
/** Packages find what is native beside them by their own address, which CommonJS does not have. */
const URL_OF_PIECE = "const ctlUrl=require('node:url').pathToFileURL(__filename).href;";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const { values, positionals } = parseArgs({ options: { out: { type: 'string' } }, allowPositionals: true });
const out = resolve(values.out ?? join(root, 'dist'));
const names = positionals.length > 0 ? positionals : Object.keys(PROGRAMS);
const unknown = names.filter((name) => !(name in PROGRAMS));
if (unknown.length > 0) {
  console.error(`build: unknown program ${unknown.join(', ')}; one of ${Object.keys(PROGRAMS).join(', ')}`);
  process.exit(2);
}
await Promise.all(names.map(bundle));

async function bundle(name) {
  const entry = PROGRAMS[name];
  const commonJs = COMMON_JS.includes(name);
  const shebang = (await readFile(join(root, entry), 'utf8')).startsWith('#!') ? '' : '#!/usr/bin/env node\n';
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { [commonJs ? `${name}/${name}` : name]: entry },
    outdir: out,
    chunkNames: `${name}/[name]-[hash]`,
    write: !commonJs,
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    external: UNUSED,
    // A smaller file is read sooner; names stay as they are, for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'eof',
    define: { 'process.env.CTL_VERSION': JSON.stringify(version) },
    banner: { js: commonJs ? '' : `${shebang}${REQUIRE}` },
    metafile: true,
    logLevel: 'warning',
  });
  const files = Object.keys(metafile.outputs).map((path) => basename(path));
  if (commonJs) files.push(...(await writePieces(name, outputFiles)));
  await chmod(join(out, `${name}.js`), 0o755);
  await removeOldChunks(name, files);
}

/** Answers the names of the files that it adds to them. */
async function writePieces(name, outputFiles) {
  await mkdir(join(out, name), { recursive: true });
  await Promise.all(outputFiles.map(writeCommonJs));
  const file = join(out, `${name}.js`);
  const options = { bundle: true, platform: 'node', target: 'node20.19', format: 'esm', packages: 'external' };
  await build({ ...options, absWorkingDir: root, entryPoints: [START], outfile: file, minifySyntax: true });
  await writeFile(join(out, name, 'package.json'), '{"type":"commonjs"}\n');
  await writeCode(file);
  return ['package.json', ...(await readdir(join(out, name))).filter((one) => one.endsWith('.code'))];
}

/** Asks a controller that is not there: all that is needed to ask one is loaded and run. */
async function writeCode(file) {
  const folder = await mkdtemp(join(tmpdir(), 'ctl-build-'));
  try {
    const ini = join(folder, 'cluster.ini');
    await writeFile(ini, '[controller]\naddress = 127.0.0.1:1\n');
    const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, CTL_WRITE_CODE: '1' };
    const { status, stderr } = spawnSync(process.execPath, [file, 'status', '-c', ini], { env, encoding: 'utf8', timeout: 60_000 });
    if (status !== 5) throw new Error(`the first run of ${file} ended with ${status} instead of 5:\n${stderr}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeCommonJs({ path, text }) {
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    // What is loaded on demand is loaded by `require` as well.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'ctlUrl' },
    banner: text.includes('import.meta.url') ? URL_OF_PIECE : '',
    minifyWhitespace: true,
    legalComments: 'eof',
    logLevel: 'error',
  });
  await writeFile(path, code);
}

/** Chunks are named by their content: those of earlier builds would stay for ever. */
async function removeOldChunks(name, written) {
  const folder = join(out, name);
  const present = await readdir(folder).catch((error) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  await Promise.all(present.filter((file) => !written.includes(file)).map((file) => rm(join(folder, file), { force: true })));
}
