/** One `server` line of a haproxy.cfg. */
export interface ConfServer {
  /** Name of its `backend` or `listen` section. */
  readonly section: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly line: ConfLine;
  /** What holds for it where its line says nothing. */
  readonly enabledByDefault: boolean;
}

/** A line with its words; offsets count into the text. `end` is behind the last word. */
interface ConfLine {
  readonly words: readonly Word[];
}

interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Every server in the order of the file. A line that HAProxy would refuse is passed over: it has a check of its own. */
export function serversOf(text: string): ConfServer[] {
  const servers: ConfServer[] = [];
  const defaults = new Map<string, boolean>();
  let latestDefaults = true;
  let section: Section | null = null;
  for (const line of linesOf(text)) {
    const [first, second, third] = line.words;
    if (first === undefined) continue;
    if (SECTIONS.has(first.text)) {
      const from = line.words.find((_, i) => line.words[i - 1]?.text === 'from')?.text;
      section = {
        kind: first.text,
        name: second?.text ?? '',
        enabled: (from === undefined ? undefined : defaults.get(from)) ?? latestDefaults,
      };
      // A defaults section without "from" begins anew.
      if (section.kind === 'defaults') section.enabled = (from === undefined ? undefined : defaults.get(from)) ?? true;
    } else if (section !== null && first.text === 'default-server') {
      section.enabled = enabledBy(line.words.slice(1), section.enabled);
    } else if (section !== null && first.text === 'server' && second !== undefined && third !== undefined) {
      const enabled = enabledBy(line.words.slice(3), section.enabled);
      servers.push({ section: section.name, name: second.text, enabled, line, enabledByDefault: section.enabled });
    }
    if (section?.kind === 'defaults') {
      defaults.set(section.name, section.enabled);
      latestDefaults = section.enabled;
    }
  }
  return servers;
}

/**
 * The text after the servers that `chosen` accepts went out or in. Out adds the word `disabled` behind the last one of the line: the last
 * of `disabled` and `enabled` wins, so what an operator wrote stays as it is. In takes that word away, which gives the text back byte for
 * byte; what keeps the server out besides goes as well, and against a default that is off the line gets `enabled`.
 */
export function switchServers(text: string, chosen: (server: ConfServer) => boolean, wanted: 'in' | 'out'): string {
  let result = text;
  // From the last one up, so that offsets stay good.
  for (const server of serversOf(text).toReversed()) {
    if (!chosen(server) || server.enabled === (wanted === 'in')) continue;
    result = wanted === 'out' ? append(result, server.line, 'disabled') : letIn(result, server);
  }
  return result;
}

interface Section {
  readonly kind: string;
  readonly name: string;
  enabled: boolean;
}

const SECTIONS = new Set([
  'global',
  'defaults',
  'frontend',
  'backend',
  'listen',
  'peers',
  'resolvers',
  'mailers',
  'userlist',
  'program',
  'http-errors',
  'ring',
  'log-forward',
  'cache',
  'fcgi-app',
]);

function letIn(text: string, { line, enabledByDefault }: ConfServer): string {
  const off = indexesOf(line.words.slice(3), 'disabled').map((i) => i + 3);
  const last = line.words.length - 1;
  const without = (index: number) =>
    enabledBy(
      line.words.slice(3).filter((_, i) => i + 3 !== index),
      enabledByDefault,
    );
  const removed = off.at(-1) === last && without(last) ? [last] : off;
  const cut = removed.toReversed().reduce((t, index) => cutWord(t, line.words[index]), text);
  const left = line.words.filter((_, i) => !removed.includes(i));
  if (enabledBy(left.slice(3), enabledByDefault)) return cut;
  const end = left.at(-1)?.end ?? 0;
  const shift = removed.filter((i) => (line.words[i]?.end ?? 0) <= end).reduce((sum, i) => sum + lengthOf(line.words[i]) + 1, 0);
  return `${cut.slice(0, end - shift)} enabled${cut.slice(end - shift)}`;
}

/** With the one blank before it, as it was added. */
const cutWord = (text: string, word: Word | undefined): string =>
  word === undefined ? text : text.slice(0, word.start - 1) + text.slice(word.end);
const lengthOf = (word: Word | undefined): number => (word === undefined ? 0 : word.end - word.start);

function append(text: string, line: ConfLine, word: string): string {
  const end = line.words.at(-1)?.end ?? 0;
  return `${text.slice(0, end)} ${word}${text.slice(end)}`;
}

function enabledBy(params: readonly Word[], otherwise: boolean): boolean {
  const off = indexesOf(params, 'disabled').at(-1) ?? -1;
  const on = indexesOf(params, 'enabled').at(-1) ?? -1;
  return off === on ? otherwise : on > off;
}

/** Where the keyword stands, other than as the value of another one. */
const indexesOf = (params: readonly Word[], keyword: string): number[] =>
  params.flatMap((word, i) => (word.text === keyword && !TAKES_ANY_TEXT.has(params[i - 1]?.text ?? '') ? [i] : []));

/** Parameters of a server whose value could be any word. */
const TAKES_ANY_TEXT = new Set([
  'cookie',
  'track',
  'redir',
  'namespace',
  'resolvers',
  'agent-send',
  'verifyhost',
  'check-sni',
  'sni',
  'crt',
  'ca-file',
]);

function* linesOf(text: string): Generator<ConfLine> {
  let at = 0;
  while (at < text.length) {
    const newline = text.indexOf('\n', at);
    const end = newline === -1 ? text.length : newline;
    yield { words: wordsOf(text, at, end) };
    at = end + 1;
  }
}

/** Blanks part words, quotes and backslashes keep them together, # begins a comment. */
function wordsOf(text: string, from: number, to: number): Word[] {
  const words: Word[] = [];
  let at = from;
  while (at < to) {
    const char = text[at] ?? '';
    if (BLANK.test(char)) at++;
    else if (char === '#') break;
    else {
      const word = scanWord(text, at, to);
      words.push(word);
      at = word.end;
    }
  }
  return words;
}

const BLANK = /[ \t\r]/;

function scanWord(text: string, start: number, to: number): Word {
  let value = '';
  let quote = '';
  let at = start;
  for (; at < to; at++) {
    const char = text[at] ?? '';
    if (quote === '' && (BLANK.test(char) || char === '#')) break;
    if (char === '\\' && quote !== "'" && at + 1 < to) value += text[++at] ?? '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === quote) quote = '';
    else value += char;
  }
  return { text: value, start, end: at };
}
