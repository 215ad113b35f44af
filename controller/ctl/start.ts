#!/usr/bin/env node
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

/**
 * What stands in `dist/ctl.js`: loads the pieces of `ctl` from the folder beside it, each with the code that V8 made of it when it was built
 * (`PIECE.code`). To compile them was a quarter of the time of a short command. V8 refuses the code of another version of node; the piece
 * is compiled then, as it is without any.
 */
const folder = join(import.meta.dirname, 'ctl');
/** Set by the build: what is compiled in this run is written beside the pieces. */
const writes = process.env.CTL_WRITE_CODE === '1';
const pieces = new Map<string, Piece>();
const requireElsewhere = createRequire(import.meta.url);
const requirePiece = Object.assign((id: string): unknown => (id.startsWith('./') ? load(id.slice(2)) : requireElsewhere(id)), {
  resolve: requireElsewhere.resolve,
});

load('ctl.js');

interface Piece {
  exports: unknown;
  readonly script: Script;
}
type Run = (exports: unknown, require: typeof requirePiece, module: Piece, file: string, folder: string) => void;

function load(name: string): unknown {
  const known = pieces.get(name);
  if (known !== undefined) return known.exports;
  const file = join(folder, name);
  const source = `(function(exports,require,module,__filename,__dirname){${readFileSync(file, 'utf8')}\n})`;
  const script = new Script(source, { filename: file, cachedData: writes ? undefined : codeOf(file) });
  const piece: Piece = { exports: {}, script };
  pieces.set(name, piece);
  (script.runInThisContext() as Run)(piece.exports, requirePiece, piece, file, folder);
  return piece.exports;
}

function codeOf(file: string): Buffer | undefined {
  try {
    return readFileSync(`${file}.code`);
  } catch {
    // It was not needed in the run that the build made.
    return undefined;
  }
}

if (writes) {
  process.once('exit', () => {
    for (const [name, { script }] of pieces) writeFileSync(join(folder, `${name}.code`), script.createCachedData());
  });
}
