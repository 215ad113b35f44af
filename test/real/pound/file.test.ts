import { describe } from 'vitest';
import { findPound } from '../../../deploy/demo/pound.js';
import { describePoundFileContract } from '../../contract/balancer/pound-file-contract.js';
import { realPart, setUpLimit } from '../../support/real.js';

const pound = await realPart('Pound', findPound({ signal: setUpLimit() }));

describe.skipIf(pound === null)('the real thing', () => describePoundFileContract(pound?.describe ?? 'Pound', () => pound?.exe ?? ''));
