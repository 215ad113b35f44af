import { MAX_TIMER_MS } from '../../shared/abort.js';
import type { Credentials } from '../../shared/pki/certificate.js';
import { type Address } from '../../shared/rpc/address.js';
import { openChannel, type RpcChannel } from '../../shared/rpc/client.js';
import { commandFromWire, partToWire, reportToWire } from '../../shared/wire/agent.js';
import { AgentLinkDefinition } from '../../shared/wire/definitions.js';
import type { Command, Part, Report } from '../../shared/wire/link-messages.js';

/** The controller, as an agent dials it: the service of the link in terms of the model. */
export interface ControllerClient {
  session(reports: AsyncIterable<Report>, signal: AbortSignal): AsyncIterable<Command>;
  reply(part: Part): Promise<void>;
  /** Resolves when all parts have been taken. The next part is asked for when there is room for it. */
  replyAll(parts: AsyncIterable<Part>, signal: AbortSignal): Promise<void>;
  /** For what is not part of the session. */
  readonly channel: RpcChannel;
  close(): void;
}

/** Rejects with `unreachable` if nobody answers within `connectMs`. */
export async function dialController(
  address: Address,
  credentials: Credentials | null,
  connectMs: number,
  signal: AbortSignal,
): Promise<ControllerClient> {
  const channel = await openChannel(address, credentials);
  try {
    await channel.ready(connectMs, signal);
  } catch (error) {
    channel.close();
    throw error;
  }
  const client = channel.client(AgentLinkDefinition);
  return {
    session: (reports, ending) => map(client.session(map(reports, reportToWire), { signal: ending }), commandFromWire),
    async reply(part) {
      await client.reply(single(partToWire(part)), { timeoutMs: REPLY_MS });
    },
    async replyAll(parts, ending) {
      // As long as somebody reads: it ends with the session, which has its heartbeats.
      await client.reply(map(parts, partToWire), { signal: ending, timeoutMs: MAX_TIMER_MS });
    },
    channel,
    close: () => channel.close(),
  };
}

const REPLY_MS = 30_000;

async function* map<A, B>(source: AsyncIterable<A>, change: (item: A) => B): AsyncGenerator<B> {
  for await (const item of source) yield change(item);
}

async function* single<T>(item: T): AsyncGenerator<T> {
  yield item;
}
