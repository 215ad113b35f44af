/** The services, for shared/rpc to serve and to call; their messages are made and read by agent.ts and control.ts only. */
export { AgentLinkDefinition } from './gen/ctl/v1/agent_service.js';
export { ControlDefinition } from './control-definition.js';
export { IdentityDefinition } from './gen/ctl/v1/identity_service.js';
