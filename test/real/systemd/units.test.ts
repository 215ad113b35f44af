import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../../deploy/demo/free-ports.js';
import { until } from '../../../deploy/demo/until.js';
import { repository } from '../../support/managed-cluster.js';
import { suiteProcesses } from '../../support/processes.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { bootSystemd, type SystemdHost } from '../../support/systemd.js';
import { systemdEnvironment } from '../../support/systemd-env.js';

const environment = await realPart('a system under systemd', systemdEnvironment({ signal: setUpLimit() }));
const { signal } = new AbortController();

/** Where the repository lies for the units: they see no /tmp but their own, and it may be there. */
const PLACE = '/opt/ctl';

describe.skipIf(environment === null)('the units in deploy/systemd', () => {
  const prepare = suiteProcesses('un');
  let host: SystemdHost;
  beforeAll(async () => {
    if (environment === null) throw new Error('no systemd');
    host = await bootSystemd(environment, { ...(await prepare()), readOnly: [`${repository}:${PLACE}`], signal });
  });
  afterAll(() => host.end());

  /** As it is deployed, but for the place of the program. */
  const unitOf = async (name: string): Promise<string> => {
    const text = await readFile(join(repository, `deploy/systemd/${name}.service`), 'utf8');
    return text.replace(`ExecStart=/usr/bin/${name} `, `ExecStart=${process.execPath} ${join(PLACE, 'dist', `${name}.js`)} `);
  };
  const write = async (file: string, text: string) => {
    await mkdir(dirname(host.path(file)), { recursive: true });
    await writeFile(host.path(file), text);
  };

  it.each(['ctl-agent', 'ctl-controller'])('are well-formed: %s', async (name) => {
    await host.addUnits({ [`${name}.service`]: await unitOf(name) });
    const path = `/run/systemd/system/${name}.service`;
    const { code, stdout, stderr } = await host.exec(['systemd-analyze', 'verify', path], { timeoutMs: 20_000, signal });
    expect({ code, said: `${stdout}${stderr}` }).toEqual({ code: 0, said: '' });
  });

  it('run a controller as its own user, which writes only its own files', async () => {
    const [port] = await findFreePorts(1);
    await host.run(['useradd', '--system', '--home-dir', '/var/lib/ctl-controller', 'ctl']);
    await write(
      '/etc/ctl/cluster.ini',
      [
        '[DEFAULT]',
        'logfile = /var/log/ctl/ctl.log',
        'lock_file = /var/lib/ctl-controller/ctl.lock',
        '[cluster]',
        'zeoclients = a',
        '[controller]',
        `address = 127.0.0.1:${port ?? 0}`,
        'state_dir = /var/lib/ctl-controller',
        '[connect]',
        'login = a',
        'passwd = b',
        'public_name = www.example.org',
        'entity = site',
        '[a]',
        ...['type = ZeoClient', 'machine = app', 'ip = 127.0.0.1', 'port = 1', 'pool = 1', 'service_name = a', ''],
      ].join('\n'),
    );
    await host.addUnits({ 'ctl-controller.service': await unitOf('ctl-controller') });
    await host.run(['systemctl', 'start', 'ctl-controller']);
    const ctl = [process.execPath, join(PLACE, 'dist/ctl.js'), 'operations', 'list', '-c', '/etc/ctl/cluster.ini'] as const;
    const answers = async () => (await host.exec(ctl, { timeoutMs: 20_000, signal })).code === 0;
    await until('the controller to answer', answers, { timeoutMs: 20_000, signal }).catch(async (cause: unknown) => {
      throw new Error(await host.run(['journalctl', '-q', '--no-pager', '-u', 'ctl-controller', '-n', '20']), { cause });
    });
    const pid = (await host.run(['systemctl', 'show', '-p', 'MainPID', '--value', 'ctl-controller'])).trim();
    const status = await readFile(host.path(`/proc/${pid}/status`), 'utf8');
    expect(status).toMatch(/^CapBnd:\t0+$/m);
    expect(status).not.toMatch(/^Uid:\t0/m);
  });
});
