import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { AGENT_KEYS } from '../../../agent/config/schema.js';
import { ANY_KEYS } from '../../../controller/config/schema/schema.js';
import { referenceMarkdown } from '../../../deploy/reference.js';

const REFERENCE = fileURLToPath(new URL('../../../deploy/reference.md', import.meta.url));

test('the reference is what the schemas say (UPDATE_EXAMPLE=1 writes it anew)', async () => {
  const text = await referenceMarkdown(REFERENCE);
  if (process.env.UPDATE_EXAMPLE === '1') await writeFile(REFERENCE, text);
  expect(await readFile(REFERENCE, 'utf8')).toBe(text);
});

test('the reference explains every key', async () => {
  const text = await referenceMarkdown(REFERENCE);
  const keys = [...Object.keys(ANY_KEYS), ...Object.values(AGENT_KEYS).flatMap((section) => Object.keys(section))];
  expect(keys.filter((key) => !text.includes(`\n| \`${key}\` `))).toEqual([]);
});
