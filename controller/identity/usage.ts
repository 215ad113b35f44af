/** What `ctl-controller` does besides serving: apart, because all the rest of it is loaded on demand. */
export const IDENTITY_USAGE = [
  'ctl-controller init                                      makes the authority and the certificate of the controller',
  'ctl-controller token create --agent NAME [--ttl 1h]      prints the command by which a host joins',
  'ctl-controller token create --operator NAME [--role viewer|operator] [--ttl 1h]',
  'ctl-controller identities                                who has a certificate, until when, last seen when',
  'ctl-controller revoke NAME                               cuts NAME off at once',
  'ctl-controller ca rotate | ca finish [--force]           replaces the authority, in two steps',
] as const;

export const isIdentityCommand = (argv: readonly string[]): boolean =>
  ['init', 'token', 'identities', 'revoke', 'ca'].includes(argv[0] ?? '');
