import { stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import { didYouMean } from '../../shared/ini/nearest.js';
import { describeIdentity, MEMBER_NAME, type Member, ROLES } from '../../shared/model/identity.js';
import { makeFolder } from '../../shared/ports/files.js';
import { formatAddress, parseAddress } from '../../shared/rpc/address.js';
import type { ClusterConfig } from '../config/cluster.js';
import { addAuthority, anchorOf, certifyController, identityFolder, issuerOf, readAuthorities, retireAuthorities } from './authority.js';
import { formatMembers } from './format.js';
import { readMembers, writeMembers } from './members.js';
import { keyOf, readRevocations, writeRevocation } from './revocations.js';
import { createToken, dropTokens } from './tokens.js';
import { IDENTITY_USAGE } from './usage.js';

export interface IdentityCommandDeps {
  /** The cluster.ini of `-c`, read. */
  readonly load: (file: string) => Promise<ClusterConfig>;
  /** Standard error: what is to be read beside the result. */
  readonly tell: (text: string) => void;
  readonly now: () => number;
}

/** Works beside a running controller, through files of its state_dir. Answers what goes to standard output. Errors: `usage`, `config`, `not-found`, `precondition`. */
export async function runIdentityCommand(argv: readonly string[], deps: IdentityCommandDeps): Promise<string> {
  const { values, words } = readWords(argv);
  const config = await deps.load(values.config ?? 'cluster.ini');
  const place: Place = { ...deps, folder: identityFolder(config.controller.stateDir), config, force: values.force === true };
  await assertOwner(config.controller.stateDir);
  switch (words.join(' ')) {
    case 'init':
      return init(place);
    case 'token create':
      return invite(place, memberOf(values), ttlMs(values.ttl ?? '1h'));
    case 'identities':
      return identities(place);
    case 'ca rotate':
      return rotate(place);
    case 'ca finish':
      return finish(place);
    default:
      if (words[0] === 'revoke' && words[1] !== undefined && words.length === 2) return revoke(place, words[1]);
      throw wrongUsage(`${words.join(' ')}: no such command`);
  }
}

interface Place extends IdentityCommandDeps {
  readonly folder: string;
  readonly config: ClusterConfig;
  readonly force: boolean;
}

async function init({ folder, config, now }: Place): Promise<string> {
  const { host, text } = addressOf(config);
  if ((await readAuthorities(folder)).length > 0) {
    throw new AppError('precondition', `${folder} holds an authority already: all that have joined depend on it`, {
      hint: 'to replace it: ctl-controller ca rotate. To begin anew: remove the folder, and join every host again',
    });
  }
  // Last of all what makes it count: an init that is broken off can be done again.
  await makeFolder(folder);
  await writeMembers(folder, []);
  const authority = await addAuthority(folder, now());
  await certifyController(folder, [authority], host, now());
  return [
    `${folder}: an authority (sha256:${authority.info.fingerprint}), and a certificate for the controller at ${text}\n`,
    'Start ctl-controller, or restart it. For each host, and for whoever uses ctl:\n',
    '  ctl-controller token create --agent NAME | --operator NAME\n',
  ].join('');
}

async function invite({ folder, config, tell, now }: Place, member: Member, ttl: number): Promise<string> {
  const authorities = await existing(folder);
  const { text } = addressOf(config);
  await dropTokens(folder, (_, expiresAt) => expiresAt <= now());
  // Behind a revocation, also on a clock that was set back since.
  const invitedAt = Math.max(now(), ((await readRevocations(folder)).get(keyOf(member)) ?? 0) + 1);
  const token = await createToken(folder, { member, invitedAt, expiresAt: now() + ttl });
  const program = member.kind === 'agent' ? 'ctl-agent join' : 'ctl login';
  tell(`On the host of ${describeIdentity(member)}, once, until ${iso(now() + ttl)}:\n`);
  return `${program} --controller ${text} --token ${token} --ca sha256:${anchorOf(authorities).info.fingerprint}\n`;
}

async function identities({ folder, now }: Place): Promise<string> {
  await existing(folder);
  return formatMembers(await readMembers(folder), await readRevocations(folder), now());
}

async function revoke({ folder, now }: Place, name: string): Promise<string> {
  await existing(folder);
  const records = await readMembers(folder);
  const members = records.map(({ member }) => member);
  const meant = records.filter(({ member }) => member.name === name);
  await dropTokens(folder, (member, expiresAt) => member.name === name || expiresAt <= now());
  if (meant.length === 0) {
    const hint =
      didYouMean(
        name,
        members.map((member) => member.name),
      ) ?? 'see: ctl-controller identities';
    throw new AppError('not-found', `nobody called ${name} has a certificate; tokens for that name are not valid any more`, { hint });
  }
  for (const { member, certificates } of meant) {
    // All invitations so far, also those of a clock that was set back since.
    await writeRevocation(folder, member, Math.max(now(), ...certificates.map(({ invitedAt }) => invitedAt)));
  }
  return meant.map(({ member }) => `${describeIdentity(member)} is revoked; a running controller cuts it off at once\n`).join('');
}

async function rotate({ folder, now }: Place): Promise<string> {
  const authorities = await existing(folder);
  if (authorities.length > 1) {
    throw new AppError('precondition', 'the authority is being replaced already', {
      hint: 'when all have renewed: ctl-controller ca finish',
    });
  }
  const { info } = await addAuthority(folder, now());
  return [
    `A new authority (sha256:${info.fingerprint}) certifies from now on; the old one is trusted beside it.\n`,
    'Agents renew their certificates within ten minutes, operators when they use ctl. See: ctl-controller identities\n',
    'Then: ctl-controller ca finish\n',
  ].join('');
}

async function finish({ folder, force, now }: Place): Promise<string> {
  const authorities = await existing(folder);
  if (authorities.length < 2)
    throw new AppError('precondition', 'there is one authority only', { hint: 'begin with: ctl-controller ca rotate' });
  const { fingerprint } = issuerOf(authorities).info;
  const revocations = await readRevocations(folder);
  const behind = (await readMembers(folder)).filter(
    ({ member, certificates }) =>
      !certificates.some(({ authority }) => authority === fingerprint) &&
      certificates.some(
        ({ expiresAt, invitedAt, replaced }) => !replaced && expiresAt > now() && invitedAt > (revocations.get(keyOf(member)) ?? 0),
      ),
  );
  if (behind.length > 0 && !force) {
    throw new AppError(
      'precondition',
      `${behind.map(({ member }) => describeIdentity(member)).join(', ')} would be cut off: certified by the old authority still`,
      {
        hint: 'wait until they have renewed; or revoke them; or --force, and join them again',
      },
    );
  }
  await retireAuthorities(folder);
  return 'The old authority is not trusted any more. A running controller goes by that at once\n';
}

async function existing(folder: string) {
  const authorities = await readAuthorities(folder);
  if (authorities.length > 0) return authorities;
  throw new AppError('precondition', `${folder} holds no authority`, { hint: 'make it: ctl-controller init' });
}

function addressOf({ controller, path }: ClusterConfig): { readonly host: string; readonly text: string } {
  const hint = 'for example: address = ctl.example.org:7400, by which every host reaches this one';
  if (controller.address === null) throw new AppError('config', `${path} has no [controller] address`, { hint });
  const address = parseAddress(controller.address);
  if (address.kind === 'unix')
    throw new AppError('config', `${formatAddress(address)} needs no certificates: the mode of the socket says who may use it`, { hint });
  return { host: address.host, text: formatAddress(address) };
}

/** Files that the controller could not read would keep it from starting. */
async function assertOwner(stateDir: string): Promise<void> {
  const uid = process.getuid?.();
  try {
    const { uid: owner } = await stat(stateDir);
    if (uid === undefined || owner === uid) return;
    throw new AppError('usage', `${stateDir} belongs to user ${owner}, and this is user ${uid}`, {
      hint: 'run it as the user of the controller: runuser -u ctl -- ctl-controller …',
    });
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

function memberOf({
  agent,
  operator,
  role,
}: {
  agent?: string | undefined;
  operator?: string | undefined;
  role?: string | undefined;
}): Member {
  const name = agent ?? operator;
  if (name === undefined || (agent !== undefined && operator !== undefined))
    throw wrongUsage('token create: for whom? --agent NAME or --operator NAME');
  if (!MEMBER_NAME.test(name)) throw wrongUsage(`"${name}" cannot be a name: letters, digits and . _ - @, at most 64`);
  if (agent !== undefined) {
    if (role !== undefined) throw wrongUsage('token create: an agent has no role');
    return { kind: 'agent', name };
  }
  const found = ROLES.find((one) => one === (role ?? 'operator'));
  if (found === undefined) throw wrongUsage(`--role ${role ?? ''}: one of ${ROLES.join(', ')}`);
  return { kind: 'operator', name, role: found };
}

function ttlMs(text: string): number {
  const [, count, unit] = /^(\d{1,4})([mhd])$/.exec(text) ?? [];
  const ms = Number(count) * ({ m: 60_000, h: 3_600_000, d: 86_400_000 }[unit ?? ''] ?? Number.NaN);
  if (ms > 0 && ms <= MAX_TTL_MS) return ms;
  throw wrongUsage(`--ttl ${text}: 10m, 1h, 2d; at most 7d`);
}

const MAX_TTL_MS = 7 * 86_400_000;

function readWords(argv: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c' },
        agent: { type: 'string' },
        operator: { type: 'string' },
        role: { type: 'string' },
        ttl: { type: 'string' },
        force: { type: 'boolean' },
      },
    });
    return { values, words: positionals };
  } catch (error) {
    throw wrongUsage(messageOf(error), error);
  }
}

const wrongUsage = (message: string, cause?: unknown): AppError =>
  new AppError('usage', message, { hint: `usage:\n  ${IDENTITY_USAGE.join('\n  ')}`, cause });
const iso = (at: number): string => new Date(at).toISOString();
