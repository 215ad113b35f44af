import { didYouMean } from '../../shared/ini/nearest.js';
import { splitAddress } from '../../shared/ini/address.js';
import { isAbsolutePath } from '../../shared/ini/host-path.js';
import { parseIni, sortProblems, type IniDocument, type IniSection, type Problem } from '../../shared/ini/ini.js';
import { splitWords } from '../../shared/ini/words.js';
import type { Argv } from '../../shared/ports/exec.js';
import { ACTIONS, AGENT_KEYS, COMMAND_SECTION, type AgentSection } from './schema.js';

/** agent.ini: what this host is called, whom it obeys, and how far. */
export interface AgentConfig {
  readonly file: string;
  readonly name: string;
  /** host:port, `[::1]:port` or `unix:/path`. */
  readonly controller: string;
  readonly stateDir: string;
  readonly allow: Readonly<Record<'services' | 'paths' | 'actions', Allowed>>;
  /** `[command NAME]` by NAME. */
  readonly commands: ReadonlyMap<string, CommandSection>;
  /** Without it a service goes to supervisor only if its `service_manager` says so. */
  readonly supervisor?: SupervisorSection;
  readonly warnings: readonly Problem[];
}

/** One line of `[allow]`; without it nothing is allowed. */
export interface Allowed {
  readonly patterns: readonly string[];
  readonly line: number | null;
}

export interface CommandSection {
  readonly start: Argv;
  /** null: the process is asked by a signal. */
  readonly stop: Argv | null;
  /** null: the agent's own user. */
  readonly user: string | null;
}

export interface SupervisorSection {
  /** Path of the unix socket of supervisord. */
  readonly socket: string;
}

interface ParsedAgentConfig {
  /** null if there is an error among the problems. */
  readonly config: AgentConfig | null;
  readonly problems: readonly Problem[];
}

/** Reads an agent.ini that messages call `file`. Pure; never throws: all problems come at once. */
export function parseAgentConfig(content: Uint8Array | string, file: string): ParsedAgentConfig {
  const { document, problems: found } = parseIni(content, file);
  const problems = [...found];
  if (document.sections.size === 0 && problems.length > 0) return { config: null, problems };
  unknownNames(document, problems);
  const reading: Reading = { document, problems };
  const agent = document.sections.get('agent');
  const config = {
    file,
    name: readName(agent, reading),
    controller: readController(agent, reading),
    stateDir: readPath(agent, 'agent', 'state_dir', reading),
    allow: readAllow(document.sections.get('allow'), reading),
    commands: readCommands(reading),
    ...readSupervisor(document.sections.get('supervisor'), reading),
  };
  const sorted = sortProblems(problems);
  return { config: sorted.some((problem) => problem.severity === 'error') ? null : { ...config, warnings: sorted }, problems: sorted };
}

interface Reading {
  readonly document: IniDocument;
  readonly problems: Problem[];
}

function report(
  { document, problems }: Reading,
  section: IniSection | undefined,
  name: AgentSection,
  key: string,
  message: string,
  hint: string | null = null,
): void {
  const entry = section?.get(key)?.entry;
  const line = entry?.line ?? section?.line ?? null;
  problems.push({ severity: 'error', file: document.file, line, section: entry?.section ?? section?.name ?? name, key, message, hint });
}

/** '' if it is absent, empty, or can't be interpolated (which is a problem already). */
function textOf(section: IniSection | undefined, name: AgentSection, key: string): string {
  const value = section?.get(key);
  const written = value?.ok === true ? value.text : '';
  return written === '' ? (AGENT_KEYS[name][key]?.default ?? '') : written;
}

function readName(agent: IniSection | undefined, reading: Reading): string {
  const name = textOf(agent, 'agent', 'name');
  if (name === '') report(reading, agent, 'agent', 'name', 'is missing', 'the name of this host, as "machine" in cluster.ini');
  else if (/\s/.test(name)) report(reading, agent, 'agent', 'name', `"${oneLine(name)}" holds a blank`);
  return name;
}

function readController(agent: IniSection | undefined, reading: Reading): string {
  const address = textOf(agent, 'agent', 'controller');
  if (address === '') report(reading, agent, 'agent', 'controller', 'is missing', '"address" of [controller] in cluster.ini');
  else if (!address.startsWith('unix:/') && splitAddress(address)?.port === undefined) {
    report(reading, agent, 'agent', 'controller', `"${oneLine(address)}" is not host:port or unix:/path`);
  }
  return address;
}

function readSupervisor(section: IniSection | undefined, reading: Reading): Pick<AgentConfig, 'supervisor'> {
  return section === undefined ? {} : { supervisor: { socket: readPath(section, 'supervisor', 'socket', reading) } };
}

function readPath(section: IniSection | undefined, name: AgentSection, key: string, reading: Reading): string {
  const path = textOf(section, name, key);
  if (!isAbsolutePath(path) || path.includes('\n')) report(reading, section, name, key, `"${oneLine(path)}" is not an absolute path`);
  return path;
}

function readAllow(allow: IniSection | undefined, reading: Reading): AgentConfig['allow'] {
  const read = (key: string, wrong: (word: string) => { message: string; hint?: string | null } | null): Allowed => {
    const split = splitWords(textOf(allow, 'allow', key), ',');
    if (!split.ok) report(reading, allow, 'allow', key, split.why);
    const patterns = split.ok ? split.words : [];
    for (const problem of patterns.map(wrong)) if (problem !== null) report(reading, allow, 'allow', key, problem.message, problem.hint);
    return { patterns, line: allow?.get(key)?.entry.line ?? null };
  };
  return {
    services: read('services', () => null),
    paths: read('paths', wrongPath),
    actions: read('actions', (word) => {
      if (ACTIONS.some((action) => action === word)) return null;
      return { message: `unknown action "${word}"`, hint: didYouMean(word, ACTIONS) ?? `actions are ${ACTIONS.join(' ')}` };
    }),
  };
}

function wrongPath(path: string): { message: string; hint?: string } | null {
  if (!isAbsolutePath(path)) return { message: `"${path}" is not an absolute path` };
  if (path.split(/[\\/]/).includes('..')) return { message: `"${path}" holds ".."` };
  if (path.includes('**')) return { message: `"${path}" holds "**"`, hint: 'what is below an allowed folder is allowed' };
  return null;
}

function readCommands(reading: Reading): Map<string, CommandSection> {
  const commands = new Map<string, CommandSection>();
  for (const section of reading.document.sections.values()) {
    const name = COMMAND_SECTION.exec(section.name)?.[1]?.trim();
    if (name === undefined) continue;
    const start = readArgv(section, 'start', reading);
    const stop = readArgv(section, 'stop', reading);
    const user = textOf(section, 'command', 'user');
    if (start === null) report(reading, section, 'command', 'start', 'is missing');
    else commands.set(name, { start, stop, user: user === '' ? null : user });
  }
  return commands;
}

function readArgv(section: IniSection, key: string, reading: Reading): Argv | null {
  const split = splitWords(textOf(section, 'command', key));
  if (!split.ok) report(reading, section, 'command', key, split.why);
  const [program, ...args] = split.ok ? split.words : [];
  return program === undefined ? null : [program, ...args];
}

function unknownNames(document: IniDocument, problems: Problem[]): void {
  const warn = (line: number, section: string, key: string | null, message: string, hint: string | null) =>
    problems.push({ severity: 'warning', file: document.file, line, section, key, message, hint });
  for (const section of document.sections.values()) {
    const kind = PLAIN_SECTIONS.find((name) => name === section.name) ?? (COMMAND_SECTION.test(section.name) ? 'command' : null);
    if (kind === null) warn(section.line, section.name, null, 'unknown section: it is ignored', didYouMean(section.name, PLAIN_SECTIONS));
    else {
      for (const entry of section.own.values()) {
        const known = Object.keys(AGENT_KEYS[kind]);
        if (!known.includes(entry.key)) warn(entry.line, section.name, entry.key, 'unknown key', didYouMean(entry.key, known));
      }
    }
  }
}

const PLAIN_SECTIONS = ['agent', 'allow', 'supervisor'] as const;

const oneLine = (text: string): string => text.replaceAll('\n', ' ');
