import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseCluster } from '../../../../controller/config/parse.js';
import { formatProblem } from '../../../../shared/ini/ini.js';

const FOLDER = fileURLToPath(new URL('../../../fixtures/config/bad/', import.meta.url));
const NAMES = readdirSync(FOLDER).flatMap((file) => (file.endsWith('.ini') ? file.slice(0, -4) : []));

/** Each NAME.ini is wrong in one way, and NAME.txt is what the operator reads. */
describe('a wrong cluster.ini explains itself (UPDATE_EXAMPLE=1 writes the texts anew)', () => {
  test('in at least 60 ways', () => {
    expect(NAMES.length).toBeGreaterThanOrEqual(60);
  });

  test.each(NAMES)('%s', async (name) => {
    const { config, problems } = parseCluster(await readFile(`${FOLDER}${name}.ini`), '/etc/ctl/cluster.ini', { file: 'cluster.ini' });
    const text = problems.map((problem) => `${problem.severity} ${formatProblem(problem)}\n`).join('');
    if (process.env.UPDATE_EXAMPLE === '1') await writeFile(`${FOLDER}${name}.txt`, text);
    expect(text).toBe(await readFile(`${FOLDER}${name}.txt`, 'utf8'));
    expect(config).toBeNull();
  });
});
