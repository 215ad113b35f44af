import { describe } from 'vitest';
import { findPound } from '../../../deploy/demo/pound.js';
import { describePoundctlContract } from '../../contract/balancer/poundctl-contract.js';
import { realPart, setUpLimit } from '../../support/real.js';

const pound = await realPart('Pound', findPound({ signal: setUpLimit() }));

describe.skipIf(pound === null)('the real Pound behind an old poundctl', () =>
  describePoundctlContract(pound?.describe ?? 'Pound', () => pound?.exe ?? ''),
);
