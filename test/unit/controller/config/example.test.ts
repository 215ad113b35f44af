import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../../../shared/ini/ini.js';
import { exampleClusterIni } from '../../../../controller/config/example.js';
import { parseCluster } from '../../../../controller/config/parse.js';
import { ANY_KEYS } from '../../../../controller/config/schema/schema.js';

const EXAMPLE = fileURLToPath(new URL('../../../../deploy/cluster.ini.example', import.meta.url));
const secrets = { env: { CTL_PASSWD: 'secret' }, passwdFile: null, mailPasswordFile: { ok: true as const, text: 'secret' } };

describe('the example of cluster.ini', () => {
  test('is what the schema says (UPDATE_EXAMPLE=1 writes it anew)', async () => {
    if (process.env.UPDATE_EXAMPLE === '1') await writeFile(EXAMPLE, exampleClusterIni());
    expect(await readFile(EXAMPLE, 'utf8')).toBe(exampleClusterIni());
  });

  test('loads without a single problem', () => {
    const { config, problems } = parseCluster(exampleClusterIni(), '/etc/ctl/cluster.ini', { secrets });
    expect(problems.map(formatProblem)).toEqual([]);
    expect(config?.clients.map((client) => client.spec.name)).toEqual(['zeoclient1.1', 'zeoclient1.2', 'zeoclient2.1']);
  });

  test('holds examples that are right: it loads with every commented key switched on, but for the other two places of the password', () => {
    const all = exampleClusterIni().replace(/^;(?!passwd|\[| \S)/gm, '');
    const { problems } = parseCluster(all, '/etc/ctl/cluster.ini', { secrets });
    expect(problems.filter((problem) => problem.severity === 'error').map(formatProblem)).toEqual([]);
    expect(all).toContain('\nmailhost = ');
    expect(all).toContain('\nignore_errors = ');
  });

  test('explains every key of the schema', () => {
    const text = exampleClusterIni();
    expect(Object.keys(ANY_KEYS).filter((key) => !new RegExp(`^;?${key} =`, 'm').test(text))).toEqual([]);
  });
});
