import type { IniDocument, Problem } from '../../shared/ini/ini.js';
import { isIp } from '../../shared/ini/address.js';
import { addressOf } from '../../shared/model/service.js';
import type { ClusterConfig, Service } from './cluster.js';
import { readPoundFacts, type PoundFacts } from './pound-facts.js';
import { placeOf, type Place } from './reader.js';

/** What the pound.cfg of each Pound says against cluster.ini. One that can't be read on this host is passed over: it is on another. */
export async function checkPounds(document: IniDocument, config: ClusterConfig): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const service of config.services.values()) {
    const { balancer } = service.spec;
    if (balancer?.kind !== 'pound' || balancer.conf === '') continue;
    const facts = await readPoundFacts(balancer.conf);
    if (facts !== null) problems.push(...complaints(facts, service, balancer, config, document));
  }
  return problems;
}

function complaints(
  facts: PoundFacts,
  { spec }: Service,
  { conf, control }: NonNullable<Service['spec']['balancer']>,
  config: ClusterConfig,
  document: IniDocument,
): Problem[] {
  const section = document.sections.get(spec.name);
  const place = (key: string): Place => (section === undefined ? { section: spec.name, key, line: null } : placeOf(section, key));
  const warn = (key: string, message: string, hint: string | null): Problem => ({
    severity: 'warning',
    file: document.file,
    ...place(key),
    message,
    hint,
  });
  const missing = config.clients.filter((client) => client.pool > 0 && !holds(facts, client));
  return [
    ...missing.map((client) =>
      warn('conf', `${conf} has no backend ${addressOf(client.spec)}: [${client.spec.name}] can't be taken out there`, null),
    ),
    ...(facts.workerMinCount >= WORKERS
      ? []
      : [
          warn(
            'conf',
            `${conf} has a WorkerMinCount of ${facts.workerMinCount}: kept connections can starve others and the control socket`,
            'write WorkerMinCount 64',
          ),
        ]),
    ...(facts.aliveS <= ALIVE_S
      ? []
      : [
          warn(
            'conf',
            `${conf} has Alive ${facts.aliveS}: so many seconds can pass until a client that was dead gets requests`,
            'write Alive 5',
          ),
        ]),
    ...wrongControl(facts, conf, control).map(({ message, hint }) => warn('control', message, hint)),
  ];
}

/** Twenty clients with kept connections got stuck with the default of 5, and not with 20. */
const WORKERS = 20;
const ALIVE_S = 10;

/** Not known is not missing: a host name may stand for the address, and an include may lie where we can't look. */
function holds(facts: PoundFacts, { spec }: Service): boolean {
  const port = String(spec.port);
  return (
    !facts.complete ||
    facts.backends.some((backend) => backend.port === port && (backend.host === spec.ip || !isIp(backend.host) || !isIp(spec.ip)))
  );
}

function wrongControl(facts: PoundFacts, conf: string, control: string): { message: string; hint: string | null }[] {
  if (!facts.complete || facts.control === control) return [];
  if (facts.control === '')
    return [{ message: `${conf} has no Control line: there will be no such socket`, hint: `write Control "${control}"` }];
  const message =
    control === '' ? `${conf} has a control socket: without it here each change restarts Pound` : `${conf} has another: ${facts.control}`;
  return [{ message, hint: `control = ${facts.control}` }];
}
