import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ACTIONS } from '../../../controller/ctl/typed/grammar.js';
import { manualPage } from '../../../deploy/manual.js';

const MANUAL = fileURLToPath(new URL('../../../deploy/ctl.1', import.meta.url));

test('the manual page is what the grammar says (UPDATE_EXAMPLE=1 writes it anew)', async () => {
  if (process.env.UPDATE_EXAMPLE === '1') await writeFile(MANUAL, manualPage());
  expect(await readFile(MANUAL, 'utf8')).toBe(manualPage());
});

test('the manual page tells every action that can be typed', () => {
  const page = manualPage();
  const typed = ACTIONS.filter(({ hidden }) => hidden !== true).map(({ name }) => name);
  expect(typed.filter((name) => !page.includes(`\n.B ${name}`))).toEqual([]);
});

test('no line of the manual page is taken for a macro that is none', () => {
  const macros = manualPage().match(/^[.'].*$/gm) ?? [];
  expect(macros.filter((line) => !/^\.(TH|SH|TP|B|I|PP|RS|RE|br)\b/.test(line))).toEqual([]);
});
