import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The input of each number, always the same for a seed: real files with changes, lines of known words, and bytes of any kind. */
export async function createInputs(seed: number): Promise<(index: number) => Uint8Array> {
  const corpus = await readCorpus();
  return (index) => {
    const random = createRandom(seed ^ Math.imul(index + 1, 0x9e3779b1));
    const kind = random(10);
    if (kind < 6) return mutate(corpus[random(corpus.length)] ?? new Uint8Array(), corpus, random);
    return kind < 9 ? Buffer.from(lines(random)) : Uint8Array.from({ length: random(400) }, () => random(256));
  };
}

/** Below `limit`, which is at least 1. */
type Random = (limit: number) => number;

async function readCorpus(): Promise<Uint8Array[]> {
  const paths = ['../fixtures/config/', '../fixtures/config/bad/', '../../deploy/'].map((path) => new URL(path, import.meta.url));
  const files = await Promise.all(
    paths.map(async (folder) =>
      (await readdir(folder)).filter((name) => /\.ini(?:\.example)?$/.test(name)).map((name) => fileURLToPath(new URL(name, folder))),
    ),
  );
  return Promise.all(
    files
      .flat()
      .sort()
      .map((path) => readFile(path)),
  );
}

/** A few changes: bits flipped (text stays text), pieces doubled, cut out, taken from another file, words put in. */
function mutate(original: Uint8Array, corpus: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = Buffer.from(original);
  for (let changes = 1 + random(8); changes > 0; changes--) {
    const at = random(bytes.length + 1);
    const end = Math.min(bytes.length, at + random(random(20) === 0 ? 2_000 : 40));
    const [before, piece, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
    switch (random(5)) {
      case 0:
        bytes = Buffer.concat([before, piece.map((byte) => (random(4) === 0 ? byte ^ (1 << random(7)) : byte)), after]);
        break;
      case 1:
        bytes = Buffer.concat([before, ...Array.from({ length: 1 + random(4) }, () => piece), after]);
        break;
      case 2:
        bytes = Buffer.concat([before, after]);
        break;
      case 3: {
        const other = corpus[random(corpus.length)] ?? piece;
        const from = random(other.length + 1);
        bytes = Buffer.concat([before, other.subarray(from, from + random(500)), after]);
        break;
      }
      default:
        bytes = Buffer.concat([before, Buffer.from(word(random)), bytes.subarray(at)]);
    }
  }
  return bytes;
}

function lines(random: Random): string {
  const made = Array.from({ length: random(40) }, () => Array.from({ length: random(8) }, () => word(random)).join(''));
  return made.join(['\n', '\r\n', '\r'][random(3)]);
}

const word = (random: Random): string => WORDS[random(WORDS.length)] ?? '';

const WORDS = [
  ...[
    '[',
    ']',
    '[DEFAULT]\n',
    '[cluster]\n',
    '[connect]\n',
    '[a.b]\n',
    '[__proto__]\n',
    '[command a]\n',
    '\n',
    '\r',
    '\n ',
    '\n\t',
    ' ',
    '    ',
  ],
  ...[
    '=',
    ' = ',
    ':',
    ';',
    ' ; ',
    '#',
    '%',
    '%%',
    '%(',
    ')s',
    '%(a)s',
    '%(b)s',
    '%(__proto__)s',
    '"',
    "'",
    '\\',
    ',',
    '|',
    '(',
    '(?i)',
    '(?P<a>',
  ],
  ...[
    'a',
    'b',
    'a = %(b)s',
    'b = %(a)s',
    '__proto__',
    'constructor',
    'DEFAULT',
    'REM x',
    'rem',
    '\0',
    '\u0085',
    '\u2028',
    '\u3000',
    '\ufeff',
    'İ',
  ],
  ...[
    'zeoclients = ',
    'frontend = ',
    'type = ZeoClient',
    'type = Pound',
    'passwd = ',
    'port = 1',
    'ip = 1.2.3.4',
    'depends = a',
    '99999999999',
    '-1',
    '😀',
  ],
  ...[
    'critical_errors = ',
    'ping_command = ping -n 1',
    'logfile = D:\\x',
    'batch = 50%',
    'restart_at = 04:00 mon-fri',
    'a'.repeat(300),
    '[['.repeat(60),
  ],
] as const;

/** Small and good enough; Math.random has no seed. */
function createRandom(seed: number): Random {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
