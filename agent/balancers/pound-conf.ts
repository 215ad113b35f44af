import { AppError } from '../../shared/errors.js';
import { scanLines, type Line, type Word } from '../../shared/pound/lines.js';

/** A configuration as it lies on the disk: the main file and what it includes, and the order in which Pound reads their lines. */
export interface ConfSource {
  /** The main file. */
  readonly path: string;
  /** Latin-1: one character a byte, so that any encoding comes back as it was. */
  readonly files: ReadonlyMap<string, string>;
  /** What each Include names, as written, and the path that it stands for. */
  readonly includes: ReadonlyMap<string, string>;
  readonly lines: readonly SourceLine[];
}

export interface SourceLine extends Line {
  readonly file: string;
}

/** What a pound.cfg says, as far as balancing goes. */
export interface PoundConf {
  readonly listeners: readonly ConfListener[];
  /** Services outside of any listener. */
  readonly services: readonly ConfService[];
  /** `Control "/socket"`; null if there is none. */
  readonly control: string | null;
  /** Seconds between two probes of dead backends. */
  readonly aliveS: number;
  /** Seconds for which a silent visitor is kept. */
  readonly clientS: number;
}

export interface ConfListener {
  readonly name: string | null;
  readonly address: string;
  /** A listener of the control socket takes an index like any other. */
  readonly kind: 'http' | 'https' | 'control';
  readonly services: readonly ConfService[];
}

export interface ConfService {
  readonly name: string | null;
  readonly session: { readonly type: string; readonly id: string } | null;
  readonly backends: readonly ConfBackend[];
}

export interface ConfBackend {
  readonly kind: 'backend' | 'emergency';
  /** As written: an IP address, a host name, or the path of a socket. */
  readonly host: string;
  readonly port: string;
  readonly enabled: boolean;
  /** Its line in the service: `BackEnd`, `Emergency` or `UseBackend`. */
  readonly line: SourceLine;
  /**
   * Where `Disabled` counts for it, the last one that has it wins: the global definition that its own stanza adjusts, then that stanza.
   * None for a `UseBackend`: that is always in, whatever the definition says (seen with 4.16).
   */
  readonly stanzas: readonly Section[];
}

/** A section with its directives; sections inside it are directives as well. */
export interface Section {
  readonly keyword: string;
  readonly header: SourceLine;
  readonly name: string | null;
  readonly directives: readonly Directive[];
  /** The line of its `End`. */
  readonly end: SourceLine;
}

export interface Directive {
  readonly line: SourceLine;
  readonly keyword: string;
  readonly args: readonly Word[];
  readonly section: Section | null;
}

/** A configuration that includes nothing. */
export const singleFile = (path: string, text: string): ConfSource => ({
  path,
  files: new Map([[path, text]]),
  includes: new Map(),
  lines: scanLines(text).map((line) => ({ ...line, file: path })),
});

/** Throws `config` with file and line where the sections do not close. What Pound would refuse for other reasons is not noticed here. */
export function parseConf(source: ConfSource): PoundConf {
  const top = parseSections(source);
  const globals = new Map(
    top.flatMap((d) => (d.section !== null && isBackend(d) && d.section.name !== null ? [[d.section.name, d.section]] : [])),
  );
  const serviceOf = (section: Section) => parseService(section, globals);
  const listeners = top.flatMap((d): ConfListener[] => {
    if (d.keyword === 'control') return [{ name: null, address: controlOf(d), kind: 'control', services: [] }];
    if (d.section === null || !d.keyword.startsWith('listenhttp')) return [];
    const { section } = d;
    const host = argOf(section, 'address') ?? '0.0.0.0';
    const kind = d.keyword === 'listenhttps' ? 'https' : 'http';
    const services = section.directives.flatMap((inner) =>
      inner.section !== null && inner.keyword === 'service' ? [serviceOf(inner.section)] : [],
    );
    return [
      { name: section.name, address: joinAddress(host, argOf(section, 'port') ?? (kind === 'https' ? '443' : '80')), kind, services },
    ];
  });
  return {
    listeners,
    services: top.flatMap((d) => (d.section !== null && d.keyword === 'service' ? [serviceOf(d.section)] : [])),
    control: listeners.find((l) => l.kind === 'control')?.address ?? null,
    aliveS: secondsOf(top, 'alive') ?? 30,
    clientS: secondsOf(top, 'client') ?? 10,
  };
}

/** `ip:port`, `[ip6]:port`; the path alone for a socket. */
export const joinAddress = (host: string, port: string): string => {
  if (host.startsWith('/')) return host;
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
};

/** What the last `Disabled` in the section says; undefined if it has none. */
export const disabledIn = (section: Section): { readonly disabled: boolean; readonly directive: Directive } | undefined => {
  const directive = lastOf(section.directives, 'disabled');
  return directive === undefined ? undefined : { disabled: TRUE.has((directive.args[0]?.text ?? '').toLowerCase()), directive };
};

const TRUE = new Set(['1', 'yes', 'true', 'on']);

function parseService(section: Section, globals: ReadonlyMap<string, Section>): ConfService {
  const session = section.directives.find((d) => d.keyword === 'session')?.section;
  return {
    name: section.name,
    session: session ? { type: (argOf(session, 'type') ?? '').toUpperCase(), id: argOf(session, 'id') ?? '' } : null,
    backends: section.directives.flatMap((d) => parseBackend(d, globals)),
  };
}

function parseBackend(directive: Directive, globals: ReadonlyMap<string, Section>): ConfBackend[] {
  const own = isBackend(directive) ? directive.section : null;
  const used = directive.keyword === 'usebackend' ? decode(directive.args[0]?.text ?? '') : own?.name;
  const definition = used === undefined || used === null ? undefined : globals.get(used);
  const stanzas = own === null ? [] : [definition, own].filter((s) => s !== undefined);
  const described = definition ?? own;
  if (described === null) return [];
  const enabled = !(stanzas.map(disabledIn).findLast((d) => d !== undefined)?.disabled ?? false);
  return [
    {
      kind: directive.keyword === 'emergency' ? 'emergency' : 'backend',
      host: argOf(described, 'address') ?? '',
      port: argOf(described, 'port') ?? '',
      enabled,
      line: directive.line,
      stanzas,
    },
  ];
}

const isBackend = (d: Directive): boolean => d.keyword === 'backend' || d.keyword === 'emergency';
const lastOf = (directives: readonly Directive[], keyword: string) => directives.findLast((d) => d.keyword === keyword);
const argOf = (section: Section, keyword: string): string | undefined => firstArg(lastOf(section.directives, keyword));
const firstArg = (d: Directive | undefined): string | undefined => (d?.args[0] === undefined ? undefined : decode(d.args[0].text));
const secondsOf = (directives: readonly Directive[], keyword: string): number | undefined => {
  const seconds = Number(firstArg(lastOf(directives, keyword)));
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
};
const controlOf = (d: Directive): string => firstArg(d) ?? (d.section === null ? '' : (argOf(d.section, 'socket') ?? ''));

/** Sections that always end by `End`; three more do so only in some of their forms, see `opens`. */
const SECTIONS = new Set([
  'listenhttp',
  'listenhttps',
  'service',
  'backend',
  'emergency',
  'session',
  'match',
  'rewrite',
  'combineheaders',
  'resolver',
  'configtext',
  'condition',
]);

function opens(keyword: string, args: readonly Word[], inside: string | null): boolean {
  if (SECTIONS.has(keyword)) return true;
  const bare = args.every((a) => !a.quoted);
  if (keyword === 'control') return inside === null && bare;
  if (keyword === 'trustedip') return args.length === 0;
  if (keyword !== 'acl') return false;
  if (args.some((a) => /^-file(watch)?$/i.test(a.text))) return false;
  return inside === null || bare;
}

interface Open {
  readonly directive: SourceLine;
  readonly keyword: string;
  readonly args: readonly Word[];
  readonly directives: Directive[];
}

function parseSections(source: ConfSource): Directive[] {
  const top: Directive[] = [];
  const stack: Open[] = [];
  const add = (directive: Directive) => (stack.at(-1)?.directives ?? top).push(directive);
  const read = (line: SourceLine, words: readonly Word[]): void => {
    const [first, ...rest] = words;
    if (first === undefined || first.quoted) return;
    const keyword = first.text.toLowerCase();
    if (keyword === 'not') {
      read(line, rest);
      return;
    }
    if (keyword === 'end') {
      close(line);
      return;
    }
    if (!opens(keyword, rest, stack.at(-1)?.keyword ?? null)) return void add({ line, keyword, args: rest, section: null });
    stack.push({ directive: line, keyword, args: rest, directives: [] });
    // Pound up to 4.17 also takes the first directive of a section on the line that opens it.
    if (INLINE.has(keyword)) read(line, rest[0]?.quoted === true ? rest.slice(1) : rest);
  };
  const close = (line: SourceLine): void => {
    const open = stack.pop();
    if (open === undefined) throw unbalanced(source, line, 'an End that closes nothing');
    const name = open.args[0]?.quoted === true ? decode(open.args[0].text) : null;
    const section = { keyword: open.keyword, header: open.directive, name, directives: open.directives, end: line };
    add({ line: open.directive, keyword: open.keyword, args: open.args, section });
  };
  for (const line of source.lines) read(line, line.words);
  const open = stack.pop();
  if (open !== undefined) throw unbalanced(source, open.directive, `${open.directive.words[0]?.text ?? ''} without its End`);
  return top;
}

const INLINE = new Set(['listenhttp', 'listenhttps', 'service', 'backend', 'emergency', 'session']);

function unbalanced(source: ConfSource, line: SourceLine, what: string): AppError {
  const number = (source.files.get(line.file) ?? '').slice(0, line.start).split('\n').length;
  return new AppError('config', `${line.file}:${number}: ${what}`, { hint: 'pound -c -f FILE says what Pound thinks of it' });
}

/** Names are shown to people: the bytes of the file read as UTF-8. */
export const decode = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');
