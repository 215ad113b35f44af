import { didYouMean } from '../../shared/ini/nearest.js';
import { parseIni, sortProblems, type IniDocument, type IniSection, type Problem } from '../../shared/ini/ini.js';
import type { Argv } from '../../shared/ports/exec.js';
import { AGENT_KEYS, COMMAND_SECTION, type AgentKey, type AgentSection } from './schema.js';

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
  const supervisor = document.sections.get('supervisor');
  const config = {
    file,
    name: read(agent, 'agent', AGENT_KEYS.agent.name, reading),
    controller: read(agent, 'agent', AGENT_KEYS.agent.controller, reading),
    stateDir: read(agent, 'agent', AGENT_KEYS.agent.state_dir, reading),
    allow: readAllow(document.sections.get('allow'), reading),
    commands: readCommands(reading),
    ...(supervisor === undefined ? {} : { supervisor: { socket: read(supervisor, 'supervisor', AGENT_KEYS.supervisor.socket, reading) } }),
  };
  const sorted = sortProblems(problems);
  return { config: sorted.some((problem) => problem.severity === 'error') ? null : { ...config, warnings: sorted }, problems: sorted };
}

interface Reading {
  readonly document: IniDocument;
  readonly problems: Problem[];
}

/** The value of a key, and what is wrong with it among the problems. One that can't be interpolated is a problem already. */
function read<T>(section: IniSection | undefined, name: AgentSection, key: AgentKey<T>, { document, problems }: Reading): T {
  const found = section?.get(key.key);
  const written = found?.ok === true ? found.text : '';
  const { value, complaints } = key.type.read(written === '' ? key.default : written);
  const entry = found?.entry;
  const place = { line: entry?.line ?? section?.line ?? null, section: entry?.section ?? section?.name ?? name, key: key.key };
  if (found?.ok !== false)
    problems.push(...complaints.map((complaint) => ({ severity: 'error' as const, file: document.file, ...place, ...complaint })));
  return value;
}

function readAllow(section: IniSection | undefined, reading: Reading): AgentConfig['allow'] {
  const allowed = (key: AgentKey<readonly string[]>): Allowed => ({
    patterns: read(section, 'allow', key, reading),
    line: section?.get(key.key)?.entry.line ?? null,
  });
  const { services, paths, actions } = AGENT_KEYS.allow;
  return { services: allowed(services), paths: allowed(paths), actions: allowed(actions) };
}

function readCommands(reading: Reading): Map<string, CommandSection> {
  const commands = new Map<string, CommandSection>();
  for (const section of reading.document.sections.values()) {
    const name = COMMAND_SECTION.exec(section.name)?.[1]?.trim();
    if (name === undefined) continue;
    const start = read(section, 'command', AGENT_KEYS.command.start, reading);
    const stop = read(section, 'command', AGENT_KEYS.command.stop, reading);
    const user = read(section, 'command', AGENT_KEYS.command.user, reading);
    if (start !== null) commands.set(name, { start, stop, user: user === '' ? null : user });
  }
  return commands;
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
