import { access } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { loadAgentConfig } from './config/load.js';
import { identityFile } from './identity.js';
import { linkSignals } from '../shared/abort.js';
import { AppError, messageOf } from '../shared/errors.js';
import { readCertificate } from '../shared/pki/certificate.js';
import { writeIdentityFile } from '../shared/pki/identity-file.js';
import { parseAddress } from '../shared/rpc/address.js';
import { join } from '../shared/rpc/join.js';

export const JOIN_USAGE = 'ctl-agent join --controller HOST:PORT --token TOKEN --ca FINGERPRINT [-c agent.ini]';

/**
 * `ctl-agent join`: gets the certificate of this host, for a key that never leaves it, and answers what to tell the operator.
 * Errors: `usage`, `config` (agent.ini), `denied` (the token; another authority than the one of the command), `unreachable`.
 */
export async function joinController(argv: readonly string[]): Promise<string> {
  const { controller, token, ca, file } = await readOptions(argv);
  const { name, stateDir, controller: dialled } = await loadAgentConfig(file);
  using bound = linkSignals([], JOIN_MS, 'joining');
  const joined = await join({ address: parseAddress(controller), token, fingerprint: ca, kind: 'agent', name }, bound.signal);
  const target = identityFile(stateDir);
  await writeIdentityFile(target, joined);
  const until = new Date(readCertificate(joined.own.certificate).notAfter).toISOString();
  const other = dialled === controller ? [] : [`${file} has controller = ${dialled}: set it to ${controller}`];
  return [`${name} has joined ${controller}: ${target}, valid until ${until}, renewed by itself. Start ctl-agent, or restart it`, ...other]
    .map((line) => `${line}\n`)
    .join('');
}

const JOIN_MS = 30_000;

async function readOptions(argv: readonly string[]) {
  const { controller, token, ca, config } = parse(argv);
  if (controller === undefined || token === undefined || ca === undefined)
    throw new AppError('usage', 'join: --controller, --token and --ca are needed', {
      hint: `paste the command that \`ctl-controller token create\` printed: ${JOIN_USAGE}`,
    });
  return { controller, token, ca, file: config ?? ((await isThere('agent.ini')) ? 'agent.ini' : INSTALLED) };
}

/** Where the unit of the agent has it: the command can be pasted anywhere. */
const INSTALLED = '/etc/ctl/agent.ini';

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

function parse(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        controller: { type: 'string' },
        token: { type: 'string' },
        ca: { type: 'string' },
        config: { type: 'string', short: 'c' },
      },
    });
    return values;
  } catch (error) {
    throw new AppError('usage', `join: ${messageOf(error)}`, { hint: JOIN_USAGE, cause: error });
  }
}
