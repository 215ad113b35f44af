// The text of deploy/reference.md, from the schemas of cluster.ini and agent.ini. `UPDATE_EXAMPLE=1 npm run test:unit` writes it anew.
import { AGENT_KEYS, type AgentKey } from '../agent/config/schema.js';
import { GLOBAL_KEYS, SERVICE_DEFAULTS } from '../controller/config/schema/defaults.js';
import type { AnyKey } from '../controller/config/schema/key.js';
import { FIXED_SECTIONS, keysOfCommand, keysOfSupervisor } from '../controller/config/schema/schema.js';
import { COMMON_KEYS, TYPE_KEYS } from '../controller/config/schema/services.js';
import { format, resolveConfig } from 'prettier';

/** The reference as it lies in `file`. */
export async function referenceMarkdown(file: string): Promise<string> {
  return format(text(), { ...(await resolveConfig(file)), filepath: file });
}

const text = (): string =>
  [
    '# Every key of cluster.ini and agent.ini',
    'Generated from the schemas: `cluster.ini.example` and `agent.ini.example` in this folder show the same keys in a file. `ctl config show` tells the effective value of each with the line that it comes from, `ctl config check` what is wrong.',
    '## cluster.ini',
    "The dialect is that of Python's `ConfigParser`: `[DEFAULT]` is inherited by every section, a more indented line continues the value above, `#` and `;` begin a comment at the start of a line and ` ;` behind a value, `%(name)s` stands for another value and `%%` for a single `%`.",
    ...section('[DEFAULT]: the controller', GLOBAL_KEYS),
    ...section('[DEFAULT] or any service', SERVICE_DEFAULTS, 'A service that has one of these itself goes by that.'),
    ...Object.entries(FIXED_SECTIONS).flatMap(([name, keys]) => section(`[${name}]`, keys)),
    ...section('Every service', COMMON_KEYS, 'A section of any other name is a service, if `[cluster]` or a `depends` lists it.'),
    ...Object.entries(TYPE_KEYS).flatMap(([type, keys]) => section(`type = ${type}`, keys)),
    ...section(
      '[command NAME]',
      keysOfCommand(),
      'For embedded mode: how this host starts and stops what `service_manager = command` calls NAME.',
    ),
    ...section('[supervisor]', keysOfSupervisor(), 'For embedded mode: what has no manager of its own goes to supervisor.'),
    '## agent.ini',
    'Once per host, owned by root. Nothing that comes by wire can widen it.',
    ...Object.entries(AGENT_KEYS).flatMap(([name, keys]) => section(name === 'command' ? '[command NAME]' : `[${name}]`, keys)),
  ].join('\n\n');

type Keys = Readonly<Record<string, AnyKey | AgentKey<unknown>>>;

function section(title: string, keys: Keys, introduction = ''): string[] {
  const rows = Object.values(keys).map((key) =>
    row([code(key.key), key.type.name, key.default === '' ? '' : code(key.default), key.sentence]),
  );
  const table = [row(['key', 'value', 'default', 'meaning']), row(['---', '---', '---', '---']), ...rows].join('\n');
  return [`### ${title}`, ...(introduction === '' ? [] : [introduction]), rows.length === 0 ? 'No keys of its own.' : table];
}

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const code = (value: string): string => `\`${value}\``;
