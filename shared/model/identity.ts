/** What an operator may do: a viewer reads, an operator does everything. */
export const ROLES = ['viewer', 'operator'] as const;

export type Role = (typeof ROLES)[number];

/** Who a certificate is for. */
export type Identity =
  | { readonly kind: 'agent'; readonly name: string }
  | { readonly kind: 'operator'; readonly name: string; readonly role: Role }
  | { readonly kind: 'controller' };

/** Who may have a certificate made: a controller makes its own. */
export type Member = Exclude<Identity, { readonly kind: 'controller' }>;

/**
 * Who calls the controller: `local` by loopback or a unix socket without certificates, `anonymous` by TLS without a certificate that is
 * accepted (`why`: what is wrong with the one that was shown), else whoever the certificate names. `expiresAt` is epoch ms.
 */
export type Caller =
  | { readonly kind: 'local' }
  | { readonly kind: 'anonymous'; readonly why: string | null }
  | (Member & { readonly serial: string; readonly expiresAt: number });

/** The letters of a host name, and `@` for people; no certificate, no file and no list can mistake one for something else. */
export const MEMBER_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._@-]{0,62}[A-Za-z0-9])?$/;

/** The name under which a certificate has it: `ctl://agent/web1`, `ctl://operator/alice?role=viewer`, `ctl://controller`. */
export function formatIdentity(identity: Identity): string {
  switch (identity.kind) {
    case 'agent':
      return `ctl://agent/${identity.name}`;
    case 'operator':
      return `ctl://operator/${identity.name}?role=${identity.role}`;
    case 'controller':
      return 'ctl://controller';
  }
}

/** null: it is none of ours. */
export function parseIdentity(uri: string): Identity | null {
  if (uri === 'ctl://controller') return { kind: 'controller' };
  const [, kind, name, wanted] = /^ctl:\/\/(agent|operator)\/([^/?#]+)(?:\?role=([a-z]+))?$/.exec(uri) ?? [];
  if (name === undefined || !MEMBER_NAME.test(name)) return null;
  if (kind === 'agent') return wanted === undefined ? { kind, name } : null;
  const role = ROLES.find((one) => one === wanted);
  return role === undefined ? null : { kind: 'operator', name, role };
}

/** For people: `agent web1`, `operator alice (viewer)`. */
export function describeIdentity(identity: Identity): string {
  if (identity.kind === 'controller') return 'the controller';
  return identity.kind === 'agent' ? `agent ${identity.name}` : `operator ${identity.name} (${identity.role})`;
}
