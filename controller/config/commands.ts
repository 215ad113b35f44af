import type { IniDocument } from '../../shared/ini/ini.js';
import { placeOf, type Reader } from './reader.js';
import { COMMAND_SECTION, isSupervisorSection, keysOfCommand, keysOfSupervisor } from './schema/schema.js';
import { COMMAND_KEYS, SUPERVISOR_KEYS } from './schema/sections.js';
import type { Commands } from './services.js';

/** The `[command NAME]` sections, by NAME: how embedded mode starts and stops what a manager calls by that name. */
export function readCommands(document: IniDocument, reader: Reader): Commands {
  const commands = new Map<string, Commands extends ReadonlyMap<string, infer C> ? C : never>();
  for (const [title, section] of document.sections) {
    const name = COMMAND_SECTION.exec(title)?.[1]?.trim();
    if (name === undefined) continue;
    reader.check(section, keysOfCommand());
    const start = reader.read(section, COMMAND_KEYS.start);
    const user = reader.read(section, COMMAND_KEYS.user);
    if (start === null) reader.report('error', placeOf(section, 'start'), 'is missing');
    else commands.set(name, { start, stop: reader.read(section, COMMAND_KEYS.stop), user: user === '' ? null : user });
  }
  return commands;
}

/** Where supervisord of this host listens, by `[supervisor]`; null: there is no such section. */
export function readSupervisor(document: IniDocument, reader: Reader): string | null {
  const section = document.sections.get('supervisor');
  const type = section?.get('type');
  if (section === undefined || !isSupervisorSection(section.name, type?.ok === true ? type.text : '')) return null;
  reader.check(section, keysOfSupervisor());
  return reader.read(section, SUPERVISOR_KEYS.socket);
}
