import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/** A program of this folder in one file. */
export interface Bundled extends AsyncDisposable {
  readonly path: string;
}

/** Bundles `NAME.ts`, so that a test that starts it a hundred times need not wait for the compiler each time. */
export async function bundled(name: string): Promise<Bundled> {
  const folder = await mkdtemp(join(tmpdir(), `ctl-${name}-`));
  const path = join(folder, `${name}.mjs`);
  await build({
    ...{ entryPoints: [join(import.meta.dirname, `${name}.ts`)], outfile: path, logLevel: 'warning' },
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20' },
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
