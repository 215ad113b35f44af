import type { Finding, ServiceReport } from '../../../shared/model/check-report.js';

/** What an operator can do about a finding, in one sentence; null where the finding says it all. */
export function adviceFor(finding: Finding, service: ServiceReport): string | null {
  const { name } = service;
  switch (finding.event) {
    case 1:
      return `is it running? \`ctl start ${quoted(name)}\` starts it`;
    case 2:
      return `look into its log; \`ctl start ${quoted(name)}\` restarts it`;
    case 3:
      return `\`ctl start ${quoted(name)}\` restarts it and frees the memory`;
    case 4:
      return 'read the entry in its log; a restart clears the event only if its cause is gone';
    case 5:
      return 'busy or stuck: look at its load and at the ZEO server before you restart it';
    case null:
      return finding.kind === 'unmeasured' ? 'not known is not down: do not restart it for that' : null;
  }
}

/** What is said of a finding behind the name of its service, with which most messages begin: they stand in mails and logs, too. */
export const behindName = ({ message }: Finding, { name }: ServiceReport): string =>
  message.startsWith(`${name} on `) ? message.slice(name.length) : `: ${message}`;

/** A name as it has to be typed in a shell. */
export const quoted = (name: string): string => (/^[\w./:@%+-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`);
