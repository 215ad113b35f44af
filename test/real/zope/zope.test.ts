import { describe } from 'vitest';
import { planCluster, portsNeeded } from '../../../deploy/demo/cluster-plan.js';
import { findFreePorts } from '../../../deploy/demo/free-ports.js';
import { describeZope } from '../../contract/zope/client-contract.js';
import { suiteProcesses } from '../../support/processes.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { zopeEnvironment } from '../../support/zope-env.js';
import { makeZopeInstances, zopeCommands } from '../../support/zope-services.js';

const zope = await realPart('Zope 5 and ZEO', zopeEnvironment({ signal: setUpLimit() }));
const prepare = suiteProcesses('zope');

describe.skipIf(zope === null)('real programs', () => {
  if (zope === null) return;
  describeZope('a WSGI Zope 5 client', async () => {
    const { folder, processes } = await prepare();
    const plan = planCluster({ clients: 1, pools: 1 }, folder, await findFreePorts(portsNeeded(1)));
    await makeZopeInstances(plan, zope, setUpLimit());
    return { plan, commands: zopeCommands(zope), processes };
  });
});
