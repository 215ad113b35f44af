import { describe } from 'vitest';
import { findPound } from '../../../deploy/demo/pound.js';
import { describeBalancerContract } from '../../contract/balancer/contract.js';
import { realPart, setUpLimit } from '../../support/real.js';

const pound = await realPart('Pound', findPound({ signal: setUpLimit() }));

describe.skipIf(pound === null)('the real thing', () => describeBalancerContract(pound?.describe ?? 'Pound', () => pound?.exe ?? ''));
