import { disabledIn, parseConf, type ConfSource, type PoundConf } from '../../../agent/balancers/pound-conf.js';
import { AppError } from '../../../shared/errors.js';

/** What `-c` finds: the configuration, or one line that says where it is wrong, as `FILE:LINE: message`. */
export function checkConf(source: ConfSource): { readonly conf: PoundConf } | { readonly problem: string } {
  try {
    const conf = parseConf(source);
    for (const service of [...conf.listeners.flatMap((l) => l.services), ...conf.services]) {
      for (const { host, port, stanzas } of service.backends) {
        for (const stanza of stanzas) {
          const value = disabledIn(stanza)?.directive.args[0]?.text ?? '0';
          if (!BOOLEANS.has(value))
            return { problem: `${at(source, disabledIn(stanza)?.directive.line ?? stanza.header)}: not a boolean value` };
        }
        const [stanza] = stanzas;
        if (stanza !== undefined && (host === '' || (port === '' && !host.startsWith('/'))))
          return { problem: `${at(source, stanza.end)}: missing Address or Port` };
      }
    }
    for (const line of source.lines) {
      const word = line.words[0];
      if (word !== undefined && !word.quoted && !/^[a-z][a-z0-9_]*$/i.test(word.text))
        return { problem: `${at(source, line)}: unrecognized keyword` };
    }
    return { conf };
  } catch (error) {
    if (error instanceof AppError && error.code === 'config') return { problem: error.message };
    throw error;
  }
}

/** As Pound 4.16 takes them: small letters only. */
const BOOLEANS = new Set(['1', 'yes', 'true', 'on', '0', 'no', 'false', 'off']);

function at(source: ConfSource, line: { readonly file: string; readonly start: number }): string {
  return `${line.file}:${(source.files.get(line.file) ?? '').slice(0, line.start).split('\n').length}`;
}
