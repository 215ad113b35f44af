import { join } from 'node:path';
import { planCluster, portsNeeded } from '../../../deploy/demo/cluster-plan.js';
import { findFreePorts } from '../../../deploy/demo/free-ports.js';
import { bundleStandIns } from '../../../deploy/demo/stand-ins.js';
import { suiteProcesses } from '../../support/processes.js';
import { describeZope } from './client-contract.js';

const prepare = suiteProcesses('standin');

describeZope('the stand-in of a Zope client', async () => {
  const { folder, processes } = await prepare();
  return {
    plan: planCluster({ clients: 1, pools: 1 }, folder, await findFreePorts(portsNeeded(1))),
    commands: await bundleStandIns(join(import.meta.dirname, '../../../deploy/demo'), folder, { startMs: 200 }),
    processes,
  };
});
