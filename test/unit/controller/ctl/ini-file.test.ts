import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { controllerAddress } from '../../../../controller/ctl/ini-file.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-ini-'));
  file = join(folder, 'cluster.ini');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const addressIn = async (text: string) => {
  await writeFile(file, text);
  return controllerAddress(file);
};

it('reads nothing but the address: errors elsewhere are the business of the controller', async () => {
  expect(await addressIn('[controller]\naddress = 127.0.0.1:7400\n[zeoclient1]\nport = %(nothing)s\n')).toBe('127.0.0.1:7400');
});

it('takes a relative unix path as relative to the folder of the file', async () => {
  expect(await addressIn('[controller]\naddress = unix:run/ctl.sock\n')).toBe(`unix:${folder}/run/ctl.sock`);
  expect(await addressIn('[controller]\naddress = unix:/run/ctl.sock\n')).toBe('unix:/run/ctl.sock');
});

it('interpolates and inherits', async () => {
  expect(await addressIn('[DEFAULT]\nport = 7400\naddress = 127.0.0.1:%(port)s\n[controller]\n')).toBe('127.0.0.1:7400');
});

it('answers null where the file has no address', async () => {
  expect(await addressIn('[cluster]\nzeoclients = a\n')).toBeNull();
  expect(await addressIn('[controller]\naddress =\n')).toBeNull();
});

it('does not take a file that cannot be read for one without an address', async () => {
  await expect(addressIn('zeoclients = a\n')).rejects.toMatchObject({ code: 'config', hint: '`ctl config check` names all problems' });
});

it('names the line of an address that cannot be interpolated', async () => {
  await expect(addressIn('[controller]\naddress = 127.0.0.1:%(port)s\n')).rejects.toMatchObject({
    code: 'config',
    message: expect.stringContaining(`${file}:2: [controller] address: `) as string,
  });
});

it('says what to do about a file that is not there', async () => {
  await expect(controllerAddress(file)).rejects.toMatchObject({
    code: 'config',
    message: `${file}: no such file`,
    hint: 'name it by `-c FILE`, or run ctl in the folder of cluster.ini',
  });
});
