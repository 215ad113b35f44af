import { AppError } from '../../shared/errors.js';
import type { IniDocument, IniSection } from '../../shared/ini/ini.js';
import { isWindowsPath } from '../../shared/ini/host-path.js';
import { didYouMean } from '../../shared/ini/nearest.js';
import { BALANCER_TYPES } from '../../shared/model/service.js';
import { ACTIONS, COMMAND_SECTION, SUPERVISOR_SOCKET } from './schema.js';

/** What cluster.ini says of one host, as agent.ini has to allow it. */
export interface AgentDraft {
  readonly name: string;
  /** null: the file names no controller, as in embedded mode. */
  readonly controller: string | null;
  readonly services: readonly string[];
  /** As they are written. */
  readonly paths: readonly string[];
  readonly actions: readonly string[];
  /** Some service is a program of supervisord. */
  readonly supervisor: boolean;
  readonly commands: readonly { readonly name: string; readonly lines: readonly string[] }[];
}

/** Finds the services of a host in a cluster.ini. Pure. Errors: `usage` for a host that it does not have. */
export function draftAgent(document: IniDocument, machine: string): AgentDraft {
  const services = usedServices(document);
  const own = services.filter((section) => hostOf(section) === machine);
  if (own.length === 0) throw unknownMachine(document, machine, [...new Set(services.map(hostOf))]);
  const names = unique(own.map((section) => textOf(section, 'service_name')));
  const archive = textOf(document.sections.get('cluster'), 'archivedir');
  return {
    name: machine,
    controller: orNull(textOf(document.sections.get('controller'), 'address')),
    services: names,
    paths: unique([...own.flatMap(pathsOf), ...(own.some(rotates) ? [archive] : [])]),
    actions: ACTIONS.filter((action) => own.some(NEEDED[action])),
    supervisor: own.some((section) => textOf(section, 'service_manager') === 'supervisor'),
    commands: [...document.sections.values()].flatMap((section) => {
      const name = COMMAND_SECTION.exec(section.name)?.[1]?.trim();
      return name === undefined || !names.includes(name) ? [] : [{ name, lines: commandLines(section) }];
    }),
  };
}

/** Those of the lists of [cluster], ZEO servers, and what they depend on: nothing else is ever asked for. */
function usedServices(document: IniDocument): IniSection[] {
  const namesIn = (section: IniSection | undefined, key: string) =>
    textOf(section, key)
      .split(/[,\n]/)
      .map((name) => name.trim());
  const cluster = document.sections.get('cluster');
  const servers = [...document.sections.values()].filter(isType('ZeoServer')).map((section) => section.name);
  // Grows while it is read.
  const used = new Set([...servers, ...namesIn(cluster, 'zeoclients'), ...namesIn(cluster, 'frontend')]);
  for (const name of used) for (const other of namesIn(document.sections.get(name), 'depends')) used.add(other);
  return [...document.sections.values()].filter((section) => used.has(section.name));
}

/** The keys of a service that name files of its host. A program on its PATH is none. */
export const PATH_KEYS = ['log_file', 'pid_file', 'conf', 'control', 'exe', 'cache_dir', 'secret_file'] as const;

const pathsOf = (section: IniSection): string[] => [
  ...PATH_KEYS.map((key) => textOf(section, key)).filter((path) => /[\\/]/.test(path)),
  ...(rotates(section) ? [...linesOf(textOf(section, 'rotate_logs')), textOf(section, 'archivedir')] : []),
];

const rotates = (section: IniSection): boolean => linesOf(textOf(section, 'rotate_logs')).length > 0;
const isType =
  (...types: string[]) =>
  (section: IniSection): boolean =>
    types.includes(textOf(section, 'type'));
const isStarted = (section: IniSection): boolean => textOf(section, 'service_name') !== '';

/** Which services need an action to be allowed. */
const NEEDED: Readonly<Record<(typeof ACTIONS)[number], (section: IniSection) => boolean>> = {
  start: isStarted,
  stop: isStarted,
  log: (section) => textOf(section, 'log_file') !== '',
  rotate: rotates,
  balancer: isType(...BALANCER_TYPES),
  purge: isType('Squid', 'Varnish'),
};

/** agent.ini of the draft, `allowed` being the paths. Every line is one that the agent reads without a complaint. */
export function formatAgentIni(draft: AgentDraft, from: string, allowed: readonly string[]): string {
  const windows = allowed.some(isWindowsPath);
  const value = (key: string, text: string) => `${key} = ${text.replaceAll('%', '%%')}\n`;
  return [
    `; What this host allows its ctl-agent, as ${from.replaceAll(/\s+/g, ' ')} needs it. To be owned by root.\n`,
    '[agent]\n',
    value('name', draft.name),
    ...(draft.controller === null ? ['; cluster.ini has no [controller] address yet: this has to be the same\n'] : []),
    value('controller', draft.controller ?? '127.0.0.1:7400'),
    value('state_dir', windows ? 'C:\\ProgramData\\ctl-agent' : '/var/lib/ctl-agent'),
    '\n[allow]\n',
    value('services', draft.services.map(quoted).join(', ')),
    `paths =${allowed.map((path) => `\n    ${quoted(path).replaceAll('%', '%%')}`).join('')}\n`,
    value('actions', draft.actions.join(' ')),
    ...(draft.supervisor ? [`\n[supervisor]\n${value('socket', SUPERVISOR_SOCKET)}`] : []),
    ...draft.commands.map(({ name, lines }) => `\n[command ${name}]\n${lines.join('')}`),
  ].join('');
}

const quoted = (word: string): string => (/[\s,]/.test(word) ? `"${word}"` : word);

const commandLines = (section: IniSection): string[] =>
  ['start', 'stop', 'user'].flatMap((key) => {
    const text = textOf(section, key);
    return text === '' ? [] : [`${key} = ${text.replaceAll('%', '%%').replaceAll('\n', '\n    ')}\n`];
  });

/** '' if it is absent or cannot be read. */
function textOf(section: IniSection | undefined, key: string): string {
  const value = section?.get(key);
  return value?.ok === true ? value.text : '';
}

/** As the controller does: without a machine the host goes by its ip. */
const hostOf = (section: IniSection): string => orNull(textOf(section, 'machine')) ?? textOf(section, 'ip');

function unknownMachine(document: IniDocument, machine: string, machines: readonly string[]): AppError {
  const hint = didYouMean(machine, machines) ?? (machines.length === 0 ? 'it has no services' : `machines are ${machines.join(', ')}`);
  return new AppError('usage', `${document.file} has no service with machine = ${machine}`, { hint });
}

const orNull = (text: string): string | null => (text === '' ? null : text);
const unique = (all: readonly string[]): string[] => [...new Set(all)].filter((one) => one !== '');
const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
