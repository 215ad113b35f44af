import { dirname, isAbsolute, join } from 'node:path';
import { readIniFile } from '../../shared/ini/file.js';
import { keywordOf, scanLines, type Word } from '../../shared/pound/lines.js';

/** What `config check` wants to know of a pound.cfg: read loosely, nothing is edited by it. */
export interface PoundFacts {
  /** Of every BackEnd and Emergency, wherever it stands. */
  readonly backends: readonly { readonly host: string; readonly port: string }[];
  readonly workerMinCount: number;
  readonly aliveS: number;
  /** Path of the control socket; '' if there is none. */
  readonly control: string;
  /** All that it includes was read. */
  readonly complete: boolean;
}

/** Never rejects; null if the file can't be read on this host. */
export async function readPoundFacts(path: string): Promise<PoundFacts | null> {
  const reading: Reading = { texts: [], folder: dirname(path), left: MAX_FILES, complete: true };
  return (await readText(path, reading)) ? { ...factsOf(reading.texts), complete: reading.complete } : null;
}

const MAX_FILES = 100;

interface Reading {
  readonly texts: string[];
  /** For relative names; what Pound was built with is not known here. */
  folder: string;
  left: number;
  complete: boolean;
}

async function readText(path: string, reading: Reading): Promise<boolean> {
  if (--reading.left < 0) return false;
  const file = await readIniFile(path);
  if (!file.ok) return false;
  const text = file.bytes.toString('latin1');
  reading.texts.push(text);
  for (const line of scanLines(text)) {
    const name = line.words[1]?.text;
    if (name === undefined) continue;
    if (keywordOf(line) === 'includedir') reading.folder = name;
    if (keywordOf(line) === 'include' && !(await readText(isAbsolute(name) ? name : join(reading.folder, name), reading))) {
      reading.complete = false;
    }
  }
  return true;
}

/** The defaults are those of Pound 4. */
function factsOf(texts: readonly string[]): Omit<PoundFacts, 'complete'> {
  const facts = { backends: [] as { host: string; port: string }[], workerMinCount: 5, aliveS: 30, control: '' };
  let open: { host: string; port: string } | null = null;
  const read = (words: readonly Word[]): void => {
    const keyword = keywordOf({ words });
    const value = words[1]?.text ?? '';
    if (keyword === 'backend' || keyword === 'emergency') {
      open = { host: '', port: '80' };
      // The first directive may stand on the same line.
      read(words.slice(words[1]?.quoted === true ? 2 : 1));
    } else if (keyword === 'end') {
      if (open !== null) facts.backends.push(open);
      open = null;
    } else if (open !== null) {
      if (keyword === 'address') open.host = value;
      if (keyword === 'port') open.port = value;
    } else if (keyword === 'workermincount') facts.workerMinCount = numberOr(value, facts.workerMinCount);
    else if (keyword === 'alive') facts.aliveS = numberOr(value, facts.aliveS);
    else if (keyword === 'control' && value !== '') facts.control = value;
    else if (keyword === 'socket') facts.control = value;
  };
  for (const text of texts) for (const line of scanLines(text)) read(line.words);
  return facts;
}

const numberOr = (text: string, otherwise: number): number => (/^\d{1,9}$/.test(text) ? Number(text) : otherwise);
