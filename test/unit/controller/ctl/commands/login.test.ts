import { describe, expect, it } from 'vitest';
import type { Invitation, Login } from '../../../../../controller/ctl/operator-identity.js';
import { jsonLines, type } from '../harness.js';

const LINE = 'login --controller ctl.example.org:7400 --token 0011.secret --ca sha256:aa';
const done: Login = { member: { kind: 'operator', name: 'alice', role: 'viewer' }, file: '/home/alice/.config/ctl/x.pem', expiresAt: 0 };

async function typed(line: string) {
  const asked: Invitation[] = [];
  const login = async (invitation: Invitation) => {
    asked.push(invitation);
    return done;
  };
  const seat = type(line, { login });
  return { exit: await seat.exit, out: seat.out(), err: seat.err(), asked };
}

describe('ctl login', () => {
  it('shows the token to the controller of the command, and tells as whom it is logged in', async () => {
    expect(await typed(LINE)).toEqual({
      exit: 0,
      out: 'logged in to ctl.example.org:7400 as operator alice (viewer) until 1970-01-01T00:00:00.000Z, renewed by use: /home/alice/.config/ctl/x.pem\n',
      err: '',
      asked: [{ controller: 'ctl.example.org:7400', token: '0011.secret', fingerprint: 'sha256:aa' }],
    });
  });

  it('has a document, and no secret in it', async () => {
    const { out } = await typed(`${LINE} --json`);
    expect(jsonLines(out)).toEqual([
      {
        schema: 1,
        action: 'login',
        exit: 0,
        name: 'alice',
        role: 'viewer',
        controller: 'ctl.example.org:7400',
        until: '1970-01-01T00:00:00.000Z',
      },
    ]);
  });

  it.each(['--controller', '--token', '--ca'])('wants %s', async (flag) => {
    const without = LINE.replace(new RegExp(` ${flag} \\S+`), '');
    const { exit, err, asked } = await typed(without);
    expect(exit).toBe(2);
    expect(err).toContain(`login: ${flag} is missing`);
    expect(asked).toEqual([]);
  });
});
