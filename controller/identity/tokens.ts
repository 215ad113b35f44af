import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError, isErrno, toAppError } from '../../shared/errors.js';
import { describeIdentity, MEMBER_NAME, type Member, ROLES } from '../../shared/model/identity.js';
import { makeFolder, writeFileAtomic } from '../../shared/ports/files.js';
import { listFolder } from './authority.js';

/**
 * Invitations, one file each, so that `ctl-controller token create` can make one beside a running controller. What is kept of a token is
 * its hash: whoever reads the folder can use none.
 */
export async function createToken(
  folder: string,
  { member, invitedAt, expiresAt }: Invited & { readonly expiresAt: number },
): Promise<string> {
  const id = randomBytes(8).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  const kept: z.infer<typeof KEPT> = { member, invitedAt, expiresAt, hash: hashOf(secret).toString('hex') };
  await makeFolder(tokensIn(folder));
  await writeFileAtomic(fileOf(folder, id), `${JSON.stringify(kept)}\n`, 0o600);
  return `${id}.${secret}`;
}

/** Who may join, and when he was told so: epoch ms. A revocation ends whatever comes of an invitation from before it. */
export interface Invited {
  readonly member: Member;
  readonly invitedAt: number;
}

export interface Spending {
  readonly now: number;
  /** How the caller calls himself; '' if he does not know. */
  readonly name: string;
  /** `agent` or `operator`: who he is. */
  readonly kind: string;
}

/**
 * For whom the token is; it cannot be spent again. Rejects with `denied`; after `MAX_TRIES` wrong secrets the token is gone as well, if each
 * call waits for the one before.
 */
export async function spendToken(folder: string, token: string, { now, name, kind }: Spending): Promise<Invited> {
  const [, id, secret] = /^([0-9a-f]{16})\.([A-Za-z0-9_-]{1,100})$/.exec(token) ?? [];
  if (id === undefined || secret === undefined) throw unknown();
  const kept = await read(folder, id);
  if (kept === null) throw unknown();
  if (!timingSafeEqual(hashOf(secret), Buffer.from(kept.hash, 'hex'))) {
    if (kept.tries + 1 >= MAX_TRIES) await rm(fileOf(folder, id), { force: true });
    else await noteTry(folder, id);
    throw unknown();
  }
  if (kind !== kept.member.kind)
    throw new AppError('denied', `the token is for ${describeIdentity(kept.member)}`, {
      hint: `it was not spent. It belongs to \`${kept.member.kind === 'agent' ? 'ctl-agent join' : 'ctl login'}\``,
    });
  if (name !== '' && name !== kept.member.name)
    throw new AppError('denied', `the token is for ${kept.member.name}, and this host is called ${name}`, {
      hint: `it was not spent. Use it on ${kept.member.name}, or make one for ${name}`,
    });
  // Whoever removes it has it: of two at a time one.
  try {
    await unlink(fileOf(folder, id));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) throw unknown();
    throw error;
  }
  if (now >= kept.expiresAt)
    throw new AppError('denied', `the token expired at ${new Date(kept.expiresAt).toISOString()}`, { hint: AGAIN });
  return { member: kept.member, invitedAt: kept.invitedAt };
}

/** In a file that is there: one that was spent or revoked meanwhile does not come back. */
async function noteTry(folder: string, id: string): Promise<void> {
  try {
    const file = await open(fileOf(folder, id), constants.O_WRONLY | constants.O_APPEND);
    try {
      await file.appendFile(TRY);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/** Those of a member (of every kind with that name), and those whose time is over. */
export async function dropTokens(folder: string, drop: (member: Member, expiresAt: number) => boolean): Promise<void> {
  for (const name of await listFolder(tokensIn(folder))) {
    const id = /^([0-9a-f]{16})\.json$/.exec(name)?.[1];
    const kept = id === undefined ? null : await read(folder, id);
    if (id !== undefined && kept !== null && drop(kept.member, kept.expiresAt)) await rm(fileOf(folder, id), { force: true });
  }
}

const MAX_TRIES = 5;
/** Behind the line of the token, one each. */
const TRY = '!';
const AGAIN = 'make a new one: `ctl-controller token create`';

const unknown = (): AppError => new AppError('denied', 'this token is not known: it was spent, or was never made here', { hint: AGAIN });

const memberName = z.string().regex(MEMBER_NAME);
export const MEMBER = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('agent'), name: memberName }),
  z.object({ kind: z.literal('operator'), name: memberName, role: z.enum(ROLES) }),
]);

const KEPT = z.object({ member: MEMBER, invitedAt: z.number(), expiresAt: z.number(), hash: z.string().regex(/^[0-9a-f]{64}$/) });

const tokensIn = (folder: string): string => join(folder, 'tokens');
const fileOf = (folder: string, id: string): string => join(tokensIn(folder), `${id}.json`);
const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

async function read(folder: string, id: string): Promise<(z.infer<typeof KEPT> & { readonly tries: number }) | null> {
  try {
    const [line = '', tries = ''] = (await readFile(fileOf(folder, id), 'utf8')).split('\n');
    return { ...KEPT.parse(JSON.parse(line)), tries: tries.length };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw toAppError(error, 'failed', `${fileOf(folder, id)} is damaged`, 'remove it, and make a new token');
  }
}
