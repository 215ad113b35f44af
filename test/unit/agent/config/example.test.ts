import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseAgentConfig } from '../../../../agent/config/config.js';
import { exampleAgentIni } from '../../../../agent/config/example.js';
import { AGENT_KEYS } from '../../../../agent/config/schema.js';

const EXAMPLE = fileURLToPath(new URL('../../../../deploy/agent.ini.example', import.meta.url));

test('the example of agent.ini is what the schema says (UPDATE_EXAMPLE=1 writes it anew)', async () => {
  if (process.env.UPDATE_EXAMPLE === '1') await writeFile(EXAMPLE, exampleAgentIni());
  expect(await readFile(EXAMPLE, 'utf8')).toBe(exampleAgentIni());
});

test('the example of agent.ini loads without a problem, with every key', () => {
  const all = exampleAgentIni().replace(/^;(?! )/gm, '');
  const { config, problems } = parseAgentConfig(all, 'agent.ini');
  expect(problems).toEqual([]);
  expect(parseAgentConfig(exampleAgentIni(), 'agent.ini').problems).toEqual([]);
  expect(config?.supervisor).toEqual({ socket: '/run/supervisor.sock' });
  expect([...(config?.commands.keys() ?? [])]).toEqual(['Zope_1']);
  const keys = Object.values(AGENT_KEYS).flatMap((section) => Object.keys(section));
  expect(keys.filter((key) => !new RegExp(`^${key} = `, 'm').test(all))).toEqual([]);
});
