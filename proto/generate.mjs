// Writes shared/wire/gen from proto/; with --check only says whether it is up to date (exit 1 if not).
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OPTIONS = [
  'env=node',
  'esModuleInterop=true',
  'importSuffix=.js',
  'forceLong=bigint',
  'oneof=unions-value',
  'useOptionals=messages',
  'unrecognizedEnum=true',
  'outputServices=nice-grpc',
  'outputServices=generic-definitions',
  // Nobody needs protobuf's JSON or half-filled messages here, and ctl pays for every line it loads.
  'outputJsonMethods=false',
  'outputPartialMethods=false',
];

const require = createRequire(import.meta.url);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, 'shared', 'wire', 'gen');

const fresh = mkdtempSync(join(tmpdir(), 'ctl-generate-'));
try {
  generate(fresh);
  if (process.argv.includes('--check')) {
    const stale = differences(read(target), read(fresh));
    if (stale.length > 0) {
      console.error(`shared/wire/gen is not what proto/ generates: ${stale.join(', ')}\nRun: node proto/generate.mjs`);
      process.exitCode = 1;
    }
  } else {
    replace(target, fresh);
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

function generate(folder) {
  const sources = readdirSync(join(root, 'proto', 'ctl', 'v1'))
    .filter((name) => name.endsWith('.proto'))
    .sort()
    .map((name) => `ctl/v1/${name}`);
  const argv = [
    require.resolve('protoc/protoc.cjs'),
    `--proto_path=${join(root, 'proto')}`,
    `--plugin=protoc-gen-ts_proto=${plugin()}`,
    `--ts_proto_out=${folder}`,
    `--ts_proto_opt=${OPTIONS.join(',')}`,
    ...sources,
  ];
  execFileSync(process.execPath, argv, { stdio: ['ignore', 'inherit', 'inherit'], timeout: 60_000 });
}

function plugin() {
  if (process.platform === 'win32') return join(root, 'node_modules', '.bin', 'protoc-gen-ts_proto.cmd');
  return require.resolve('ts-proto/protoc-gen-ts_proto');
}

function read(folder) {
  const files = new Map();
  if (!existsSync(folder)) return files;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path, 'utf8').replaceAll('\r\n', '\n'));
  }
  return files;
}

function differences(committed, generated) {
  const names = new Set([...committed.keys(), ...generated.keys()]);
  return [...names].filter((name) => committed.get(name) !== generated.get(name)).sort();
}

function replace(folder, by) {
  rmSync(folder, { recursive: true, force: true });
  cpSync(by, folder, { recursive: true });
}
