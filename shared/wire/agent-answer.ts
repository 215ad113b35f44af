import {
  balancerFromWire,
  balancerToWire,
  connectionsFromWire,
  connectionsToWire,
  infoFromWire,
  infoToWire,
  logFromWire,
  logToWire,
  observationFromWire,
  observationToWire,
  processFromWire,
  processToWire,
  stopFromWire,
  stopToWire,
} from './agent-values.js';
import { purgePlanFromWire, purgePlanToWire, purgeResultFromWire, purgeResultToWire } from './cache.js';
import { unreadable } from './fields.js';
import type { Answer as WireAnswer } from './gen/ctl/v1/agent.js';
import type { AgentAnswer } from './link-messages.js';
import { memoriesFromWire, memoriesToWire } from './memory.js';
import { probeOutcomeFromWire, probeOutcomeToWire } from './probe.js';
import { rotationPlanFromWire, rotationPlanToWire, rotationResultFromWire, rotationResultToWire } from './rotation.js';

/** Throws for a number that the wire cannot carry. */
export function answerToWire(answer: AgentAnswer): WireAnswer {
  switch (answer.verb) {
    case 'ping':
      return { answer: { $case: 'ping', value: infoToWire(answer.value) } };
    case 'process':
      return { answer: { $case: 'process', value: processToWire(answer.value) } };
    case 'observe':
      return { answer: { $case: 'observe', value: observationToWire(answer.value) } };
    case 'connections':
      return { answer: { $case: 'connections', value: connectionsToWire(answer.value) } };
    case 'log':
      return { answer: { $case: 'log', value: logToWire(answer.value) } };
    case 'start':
      return { answer: { $case: 'start', value: processToWire(answer.value) } };
    case 'stop':
      return { answer: { $case: 'stop', value: stopToWire(answer.value) } };
    case 'balancer':
      return { answer: { $case: 'balancer', value: balancerToWire(answer.value) } };
    case 'setBackend':
      return { answer: { $case: 'setBackend', value: {} } };
    case 'rotation':
      return { answer: { $case: 'rotation', value: rotationPlanToWire(answer.value) } };
    case 'memories':
      return { answer: { $case: 'memories', value: memoriesToWire(answer.value) } };
    case 'purgePlan':
      return { answer: { $case: 'purgePlan', value: purgePlanToWire(answer.value) } };
    case 'purge':
      return { answer: { $case: 'purge', value: purgeResultToWire(answer.value) } };
    case 'probe':
      return { answer: { $case: 'probe', value: probeOutcomeToWire(answer.value) } };
    case 'rotate':
      return { answer: { $case: 'rotate', value: rotationResultToWire(answer.value) } };
  }
}

/** Throws `unsupported` for what cannot be read. */
export function answerFromWire(wire: WireAnswer | undefined): AgentAnswer {
  const answer = wire?.answer;
  switch (answer?.$case) {
    case 'ping':
      return { verb: 'ping', value: infoFromWire(answer.value) };
    case 'process':
      return { verb: 'process', value: processFromWire(answer.value) };
    case 'observe':
      return { verb: 'observe', value: observationFromWire(answer.value) };
    case 'connections':
      return { verb: 'connections', value: connectionsFromWire(answer.value) };
    case 'log':
      return { verb: 'log', value: logFromWire(answer.value) };
    case 'start':
      return { verb: 'start', value: processFromWire(answer.value) };
    case 'stop':
      return { verb: 'stop', value: stopFromWire(answer.value) };
    case 'balancer':
      return { verb: 'balancer', value: balancerFromWire(answer.value) };
    case 'setBackend':
      return { verb: 'setBackend', value: undefined };
    case 'rotation':
      return { verb: 'rotation', value: rotationPlanFromWire(answer.value) };
    case 'memories':
      return { verb: 'memories', value: memoriesFromWire(answer.value) };
    case 'purgePlan':
      return { verb: 'purgePlan', value: purgePlanFromWire(answer.value) };
    case 'purge':
      return { verb: 'purge', value: purgeResultFromWire(answer.value) };
    case 'probe':
      return { verb: 'probe', value: probeOutcomeFromWire(answer.value) };
    case 'rotate':
      return { verb: 'rotate', value: rotationResultFromWire(answer.value) };
    case undefined:
      throw unreadable('kind of answer', 'nothing');
  }
}
