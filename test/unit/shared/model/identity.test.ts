import { describe, expect, it } from 'vitest';
import { formatIdentity, type Identity, MEMBER_NAME, parseIdentity } from '../../../../shared/model/identity.js';
import { identityOfNames } from '../../../../shared/pki/certificate.js';

describe('the name in a certificate', () => {
  it.each<[string, Identity]>([
    ['ctl://agent/web1', { kind: 'agent', name: 'web1' }],
    ['ctl://operator/alice@example.org?role=viewer', { kind: 'operator', name: 'alice@example.org', role: 'viewer' }],
    ['ctl://operator/bob?role=operator', { kind: 'operator', name: 'bob', role: 'operator' }],
    ['ctl://controller', { kind: 'controller' }],
  ])('is %s, and can be written back', (uri, identity) => {
    expect(parseIdentity(uri)).toEqual(identity);
    expect(formatIdentity(identity)).toBe(uri);
  });

  it.each([
    '',
    'ctl://agent/',
    'ctl://agent/web1?role=operator',
    'ctl://agent/web1/x',
    'ctl://agent/web1#x',
    'ctl://agent/web 1',
    'ctl://agent/..',
    'ctl://operator/bob',
    'ctl://operator/bob?role=admin',
    'ctl://operator/bob?role=operator&role=viewer',
    'ctl://controller/x',
    'spiffe://agent/web1',
  ])('is not %j', (uri) => {
    expect(parseIdentity(uri)).toBe(null);
  });

  it('counts only if the certificate has exactly one', () => {
    expect(identityOfNames('URI:ctl://agent/web1')).toEqual({ kind: 'agent', name: 'web1' });
    expect(identityOfNames('DNS:web1, URI:ctl://agent/web1')).toEqual({ kind: 'agent', name: 'web1' });
    expect(identityOfNames('URI:ctl://agent/web1, URI:ctl://controller')).toBe(null);
    expect(identityOfNames('DNS:web1')).toBe(null);
    expect(identityOfNames('DNS:"URI:ctl://agent/web1"')).toBe(null);
    expect(identityOfNames(undefined)).toBe(null);
  });

  it.each(['web1', 'a', 'ctl.example.org', 'a_b-c', 'alice@example.org'])('may hold %s', (name) => expect(name).toMatch(MEMBER_NAME));
  it.each(['', '.', '-a', 'a.', 'a b', 'a/b', 'a,b', 'a"', 'ä', 'a'.repeat(65)])('may not hold %j', (name) =>
    expect(name).not.toMatch(MEMBER_NAME),
  );
});
