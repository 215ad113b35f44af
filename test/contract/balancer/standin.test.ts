import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { standInForPound } from '../../../deploy/demo/pound.js';
import { describeBalancerContract } from './contract.js';
import { describePoundFileContract } from './pound-file-contract.js';
import { describePoundctlContract } from './poundctl-contract.js';

let folder: string;
let exe: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-standin-'));
  ({ exe } = await standInForPound(folder));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describeBalancerContract('the stand-in for Pound', () => exe);
describePoundFileContract('the stand-in for Pound', () => exe);
describePoundctlContract('the stand-in for Pound', () => exe);
