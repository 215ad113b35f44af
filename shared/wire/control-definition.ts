/** The service of the controller, apart from the others: a `ctl` that asks a controller never loads the messages of agents. */
export { ControlDefinition } from './gen/ctl/v1/control_service.js';
