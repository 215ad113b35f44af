import { describe, expect, it } from 'vitest';
import { createPings } from '../../../../controller/checks/ping.js';
import { createChecks } from '../../../../controller/checks/runner.js';
import { AppError } from '../../../../shared/errors.js';
import { exec, type Argv, type Exec } from '../../../../shared/ports/exec.js';
import { aCluster, aFleet, aService, fakeClock, never } from './fixtures.js';
import { serve } from './servers.js';

function recording(code: number, stdout = '') {
  const run: Argv[] = [];
  const program: Exec = async (argv) => {
    run.push(argv);
    return { code, signal: null, stdout, stderr: '', truncated: false };
  };
  return { run, program };
}

describe('a ping beside the checks', () => {
  it('runs the command with the ip appended, once for each ip of a round', async () => {
    const { run, program } = recording(0);
    const ping = createPings(['ping', '-c', '1'], program);
    expect(await Promise.all([ping('10.0.0.1', never), ping('10.0.0.1', never), ping('10.0.0.2', never)])).toEqual([null, null, null]);
    expect(run).toEqual([
      ['ping', '-c', '1', '10.0.0.1'],
      ['ping', '-c', '1', '10.0.0.2'],
    ]);
  });

  it('is not run without a command', async () => {
    const { run, program } = recording(1);
    expect(await createPings(null, program)('10.0.0.1', never)).toBeNull();
    expect(run).toEqual([]);
  });

  it('tells how the command failed', async () => {
    const { program } = recording(1, 'PING 10.0.0.1\n1 packets transmitted, 0 received\n');
    expect(await createPings(['ping'], program)('10.0.0.1', never)).toBe('ping 10.0.0.1 ended with 1: 1 packets transmitted, 0 received');
    const late: Exec = (_, { timeoutMs }) => Promise.reject(new AppError('timeout', `ping took longer than ${timeoutMs} ms`));
    expect(await createPings(['ping'], late)('10.0.0.1', never)).toBe('ping 10.0.0.1: ping took longer than 5000 ms');
    expect(await createPings(['no-such-ping'], exec)('10.0.0.1', never)).toBe('no-such-ping 10.0.0.1: no-such-ping: no such program');
  });

  it('is a note: the other checks are made, and the service is well', async () => {
    await using server = await serve(() => undefined);
    const service = aService({ ip: server.ip, port: server.port });
    const fleet = aFleet({ web1: { process: async () => ({ state: 'running', process: '1@2' as never, startedAt: 0 }) } });
    const { program } = recording(1);
    const config = () => aCluster([service], { pingCommand: ['ping'] });
    const [report] = await createChecks({ config, fleet, clock: fakeClock(), exec: program }).report([service], {
      path: '',
      signal: never,
    });
    expect(report).toMatchObject({ state: 'ok', tcp: { ok: true } });
    expect(report?.findings).toEqual([
      {
        ...{ event: null, kind: 'ping', message: 'tcp1 on web1: its host does not answer a ping' },
        ...{ expected: 'an answer', got: 'ping 127.0.0.1 ended with 1' },
      },
    ]);
  });
});
