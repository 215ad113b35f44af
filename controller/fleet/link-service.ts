import { rpcService, type RpcService } from '../../shared/rpc/service.js';
import { commandToWire, partFromWire, reportFromWire } from '../../shared/wire/agent.js';
import { AgentLinkDefinition } from '../../shared/wire/definitions.js';
import type { Command, Part, Report } from '../../shared/wire/link-messages.js';

export interface AgentLinkHandlers {
  session(reports: AsyncIterable<Report>, signal: AbortSignal): AsyncIterable<Command>;
  /** Resolves when it has been taken: the next part is not read before. */
  part(part: Part): Promise<void>;
  /** No more parts come for this call. */
  over(part: Part): void;
}

/** The service that agents dial, in terms of the model. */
export function agentLinkService(handlers: AgentLinkHandlers): RpcService {
  return rpcService(AgentLinkDefinition, {
    session: (reports, { signal }) => map(handlers.session(map(reports, reportFromWire), signal), commandToWire),
    async reply(parts) {
      let last: Part | undefined;
      try {
        for await (const part of parts) {
          last = partFromWire(part);
          await handlers.part(last);
        }
      } finally {
        if (last !== undefined) handlers.over(last);
      }
      return {};
    },
  });
}

async function* map<A, B>(source: AsyncIterable<A>, change: (item: A) => B): AsyncGenerator<B> {
  for await (const item of source) yield change(item);
}
