import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isErrno, toAppError } from '../../shared/errors.js';
import type { Member } from '../../shared/model/identity.js';
import { makeFolder, writeFileAtomic } from '../../shared/ports/files.js';
import { listFolder } from './authority.js';

/** `agent/web1`, `operator/alice`: when it was revoked, epoch ms. Whoever was invited until then is refused; who is invited again is welcome. */
export type Revocations = ReadonlyMap<string, number>;

export const keyOf = ({ kind, name }: Pick<Member, 'kind' | 'name'>): string => `${kind}/${name}`;

/** Noted in a file of its own, beside a running controller, which sees it at once. */
export async function writeRevocation(folder: string, { kind, name }: Pick<Member, 'kind' | 'name'>, at: number): Promise<void> {
  await makeFolder(revokedIn(folder));
  await writeFileAtomic(join(revokedIn(folder), `${kind}.${name}.json`), JSON.stringify({ kind, name, at }), 0o600);
}

/** Rejects with `failed` for one that cannot be read: what it refuses would be let in. */
export async function readRevocations(folder: string): Promise<Revocations> {
  const names = (await listFolder(revokedIn(folder))).filter((name) => /^(?:agent|operator)\..*\.json$/.test(name));
  const all = await Promise.all(names.map((name) => read(join(revokedIn(folder), name))));
  return new Map(all.flatMap((one) => (one === null ? [] : [[`${one.kind}/${one.name}`, one.at] as const])));
}

const REVOCATION = z.object({ kind: z.enum(['agent', 'operator']), name: z.string(), at: z.number() });

const revokedIn = (folder: string): string => join(folder, 'revoked');

async function read(path: string): Promise<z.infer<typeof REVOCATION> | null> {
  try {
    return REVOCATION.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw toAppError(error, 'failed', `${path} is damaged`, 'revoke that name again: ctl-controller revoke NAME');
  }
}
