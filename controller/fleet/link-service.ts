import type { Caller } from '../../shared/model/identity.js';
import { rpcService, type RpcService } from '../../shared/rpc/service.js';
import { commandToWire, partFromWire, reportFromWire } from '../../shared/wire/agent.js';
import { AgentLinkDefinition } from '../../shared/wire/definitions.js';
import type { Command, Part, Report } from '../../shared/wire/link-messages.js';

export interface AgentLinkHandlers {
  session(reports: AsyncIterable<Report>, caller: Caller, signal: AbortSignal): AsyncIterable<Command>;
  /** Resolves when it has been taken: the next part is not read before. */
  part(part: Part, caller: Caller): Promise<void>;
  /** No more parts come for this call. */
  over(part: Part, caller: Caller): void;
}

/** The service that agents dial, in terms of the model. */
export function agentLinkService(handlers: AgentLinkHandlers): RpcService {
  return rpcService(AgentLinkDefinition, {
    session: (reports, { caller, signal }) => map(handlers.session(map(reports, reportFromWire), caller, signal), commandToWire),
    async reply(parts, { caller }) {
      let last: Part | undefined;
      try {
        for await (const part of parts) {
          last = partFromWire(part);
          await handlers.part(last, caller);
        }
      } finally {
        if (last !== undefined) handlers.over(last, caller);
      }
      return {};
    },
  });
}

async function* map<A, B>(source: AsyncIterable<A>, change: (item: A) => B): AsyncGenerator<B> {
  for await (const item of source) yield change(item);
}
