import { readFile } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { Metadata } from 'nice-grpc-common';
import { describe, expect, it } from 'vitest';
import { dialController } from '../../../agent/link/controller-client.js';
import { READS } from '../../../controller/identity/roles.js';
import type { RunRequest } from '../../../shared/model/control-api.js';
import { type Certified, readCertificate } from '../../../shared/pki/certificate.js';
import { formatAddress } from '../../../shared/rpc/address.js';
import { openChannel } from '../../../shared/rpc/client.js';
import { connectControl } from '../../../shared/rpc/control-client.js';
import { AgentLinkDefinition, ControlDefinition, IdentityDefinition } from '../../../shared/wire/definitions.js';
import { type Command, PROTOCOL, type Report } from '../../../shared/wire/link-messages.js';
import { soon } from '../../contract/agent-api/linked.js';
import { anAuthority, certifiedBy } from '../../support/forged.js';
import { eventually, type Secured, startSecured, startSecuredAgent } from '../../support/secured.js';

const RUN: RunRequest = {
  ...{ action: 'start', selectors: [], by: 'root@elsewhere', force: false, oldForm: false, maxFail: null, batch: null, deadlineS: null },
};

const controlOf = (controller: Secured, certified: Certified) =>
  connectControl(formatAddress(controller.address), { certified, keep: () => Promise.resolve() });

interface AnyMethod {
  readonly name: string;
  readonly requestStream: boolean;
  readonly requestType: { decode(bytes: Uint8Array): unknown };
}

/** Every method of the controller, called with an empty message: what matters is whether it gets that far. */
async function callAll(controller: Secured, certified: Certified | null, metadata = Metadata()): Promise<ReadonlyMap<string, string>> {
  const [authority = ''] = (await controller.member('--operator', 'helper')).authorities;
  const channel = await openChannel(controller.address, certified ?? { authorities: [authority], own: null });
  const answers = new Map<string, string>();
  try {
    for (const definition of [ControlDefinition, AgentLinkDefinition, IdentityDefinition]) {
      const client = channel.client(definition) as unknown as Record<string, (request: unknown, options: object) => unknown>;
      for (const [method, { name, requestStream, requestType }] of Object.entries<AnyMethod>(definition.methods)) {
        const answer = client[method]?.(requestStream ? nothing() : requestType.decode(new Uint8Array()), { signal: soon(), metadata });
        answers.set(`${definition.name}/${name}`, await settled(answer));
      }
    }
    return answers;
  } finally {
    channel.close();
  }
}

async function settled(answer: unknown): Promise<string> {
  try {
    if (typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer) {
      for await (const item of answer as AsyncIterable<unknown>) return item === undefined ? 'ended' : 'answered';
      return 'ended';
    }
    await answer;
    return 'answered';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'denied' ? 'denied' : 'answered';
  }
}

async function* nothing(): AsyncGenerator<never> {
  // Says nothing, and ends.
}

const deniedOf = (answers: ReadonlyMap<string, string>) => [...answers].filter(([, answer]) => answer === 'denied').map(([name]) => name);
const names = (definition: { readonly name: string; readonly methods: Readonly<Record<string, { readonly name: string }>> }) =>
  Object.values(definition.methods).map(({ name }) => `${definition.name}/${name}`);

describe('who may call what', () => {
  it('lets an operator do everything but play an agent', async () => {
    await using controller = await startSecured();
    const denied = deniedOf(await callAll(controller, await controller.member('--operator', 'alice')));
    expect(denied.sort()).toEqual([...names(AgentLinkDefinition), 'Identity/Join'].sort());
  });

  it('lets a viewer read, and nothing that is not said to be a read', async () => {
    await using controller = await startSecured();
    const answers = await callAll(controller, await controller.member('--operator', 'vera', '--role', 'viewer'));
    const allowed = names(ControlDefinition).filter((name) => answers.get(name) !== 'denied');
    expect(allowed.sort()).toEqual(READS.map((method) => `Control/${method}`).sort());
    expect(controller.control.requests).toEqual([]);
  });

  it('lets an agent have its session, and ask nothing of the cluster', async () => {
    await using controller = await startSecured();
    const denied = deniedOf(await callAll(controller, await controller.member('--agent', 'web1')));
    expect(denied.sort()).toEqual([...names(ControlDefinition), 'Identity/Join'].sort());
  });

  it.each(['no certificate', 'a certificate by another authority', 'an expired certificate', 'a certificate that nobody has issued'])(
    'lets somebody with %s do nothing at all',
    async (which) => {
      await using controller = await startSecured();
      const trusted = (await controller.member('--operator', 'x')).authorities;
      const key = await readFile(joinPath(controller.folder, 'authority-1.pem'), 'utf8');
      const stolen = { key: key.slice(0, key.indexOf('-----BEGIN CERT')), certificate: trusted[0] ?? '' };
      const identity = { kind: 'operator', name: 'x', role: 'operator' } as const;
      const own =
        which === 'no certificate'
          ? null
          : which === 'a certificate by another authority'
            ? await certifiedBy(await anAuthority(), { identity })
            : await certifiedBy(stolen, { identity, ...(which === 'an expired certificate' ? { toDays: -0.1 } : {}) });
      const answers = await callAll(controller, own === null ? null : { ...own, authorities: trusted });
      expect([...answers.values()].filter((answer) => answer !== 'denied')).toEqual([]);
    },
  );

  it('tells whoever shows a bad certificate what is wrong with it', async () => {
    await using controller = await startSecured();
    const { authorities } = await controller.member('--operator', 'x');
    const foreign = await certifiedBy(await anAuthority(), { identity: { kind: 'agent', name: 'web1' } });
    const channel = await openChannel(controller.address, { ...foreign, authorities });
    try {
      await expect(channel.client(IdentityDefinition).authorities({})).rejects.toMatchObject({
        code: 'denied',
        message: expect.stringMatching(
          /^the certificate was not accepted: it is by another authority \(by the clock of the controller it is 20/,
        ) as string,
      });
      expect(controller.logged.lines.map(({ msg }) => msg)).toContain(
        'the certificate of 127.0.0.1 was not accepted: it is by another authority',
      );
    } finally {
      channel.close();
    }
  });

  it('believes nothing that the caller says of himself', async () => {
    await using controller = await startSecured();
    const { own } = await controller.member('--operator', 'alice');
    // All of it is true, but of somebody else.
    const { serial, notAfter: expiresAt } = readCertificate(own.certificate);
    const claim = JSON.stringify({ kind: 'operator', name: 'alice', role: 'operator', serial, expiresAt });
    const answers = await callAll(controller, null, Metadata({ 'ctl-caller': claim }));
    expect([...answers.values()].filter((answer) => answer !== 'denied')).toEqual([]);
  });

  it('notes for an operation whom the certificate names, not whom the request names', async () => {
    await using controller = await startSecured();
    const api = await controlOf(controller, await controller.member('--operator', 'alice'));
    for await (const event of api.run(RUN, soon())) if (event.type === 'result') break;
    await api.close();
    expect(controller.control.requests.map(({ by }) => by)).toEqual([expect.stringMatching(/^alice@127\./)]);
  });
});

describe('whoever is refused', () => {
  it('is on record with what he wanted to change, once a minute however often he asks', async () => {
    await using controller = await startSecured();
    const api = await controlOf(controller, await controller.member('--operator', 'vera', '--role', 'viewer'));
    for (let n = 0; n < 20; n++) await expect(drained(api.run(RUN, soon()))).rejects.toMatchObject({ code: 'denied' });
    await expect(api.removeLock({ force: true, by: 'root@elsewhere' }, soon())).rejects.toMatchObject({ code: 'denied' });
    await api.operations(soon());
    await api.close();
    const by = expect.stringMatching(/^vera@127\./) as string;
    expect(controller.refused).toEqual([
      { by, what: 'Run', why: 'operator vera (viewer) may look, and change nothing: Run is refused' },
      { by, what: 'RemoveLock', why: 'operator vera (viewer) may look, and change nothing: RemoveLock is refused' },
    ]);
    const said = controller.logged.lines.filter(({ msg }) => msg.startsWith('Run of operator vera (viewer) at 127.'));
    expect(said).toHaveLength(1);
  });

  it('is on record as whom he was before he was revoked, and as an agent that wants more than an agent may', async () => {
    await using controller = await startSecured();
    const alice = await controlOf(controller, await controller.member('--operator', 'alice'));
    const web1 = await controlOf(controller, await controller.member('--agent', 'web1'));
    await controller.run('revoke', 'alice');
    await eventually(() => alice.operations(soon()).catch((error: unknown) => error)).toMatchObject({ code: 'denied' });
    for (const api of [alice, web1]) {
      await expect(drained(api.run(RUN, soon()))).rejects.toMatchObject({ code: 'denied' });
      await api.close();
    }
    expect(controller.refused).toMatchObject([
      { by: expect.stringMatching(/^alice@/) as string, what: 'Run', why: expect.stringContaining('was revoked at') as string },
      { by: expect.stringMatching(/^web1@/) as string, what: 'Run', why: 'agent web1 may not call Run' },
    ]);
  });

  it('is said once, also when the reason has the time in it', async () => {
    let ahead = 0;
    await using controller = await startSecured({ aheadMs: () => ahead });
    const alice = await controlOf(controller, await controller.member('--operator', 'alice'));
    ahead = 91 * 86_400_000;
    for (let n = 0; n < 5; n++) await expect(drained(alice.run(RUN, soon()))).rejects.toMatchObject({ code: 'denied' });
    await alice.close();
    expect(controller.refused).toHaveLength(1);
    expect(controller.logged.lines.filter(({ msg }) => msg.startsWith('Run of operator alice'))).toHaveLength(1);
  });

  it('is in the log alone without a certificate: nobody can be put on record by somebody else', async () => {
    await using controller = await startSecured();
    await callAll(controller, null);
    expect(controller.refused).toEqual([]);
    expect(controller.logged.lines.map(({ msg }) => msg)).toContainEqual(
      expect.stringMatching(/^Run of somebody without a certificate at 127\S+ was refused: this controller wants a certificate/),
    );
  });
});

async function drained(events: AsyncIterable<unknown>): Promise<void> {
  const reading = events[Symbol.asyncIterator]();
  while ((await reading.next()).done !== true) continue;
}

describe('which host an agent is', () => {
  it('is what its certificate says', async () => {
    await using controller = await startSecured();
    const web2 = await controller.member('--agent', 'web2');
    const client = await dialController(controller.address, web2, 5_000, soon());
    const hello: Report = { type: 'hello', name: 'web1', version: '1', protocol: PROTOCOL, instance: 'i' };
    try {
      await expect(first(client.session(only(hello), soon()))).rejects.toMatchObject({
        code: 'denied',
        message: 'the certificate is of agent web2, and agent.ini says web1',
        hint: '[agent] name in agent.ini must be the name that joined; else join again under that name',
      });
    } finally {
      client.close();
    }
    expect(controller.links.hosts()).toEqual([{ host: 'web1', connected: false, lastSeen: null, version: null, skewMs: null }]);
  });

  it('is told by the agent itself before it dials', async () => {
    await using controller = await startSecured();
    await using agent = await startSecuredAgent(controller.address, await controller.member('--agent', 'web2'));
    await eventually(() => agent.logged.lines.map(({ error }) => (error as { message?: string } | undefined)?.message)).toContain(
      `the certificate in ${agent.file} is not of agent web1, but of web2`,
    );
  });

  it('answers for itself alone: what another agent sends for its calls is thrown away', async () => {
    await using controller = await startSecured();
    const web1 = await dialController(controller.address, await controller.member('--agent', 'web1'), 5_000, soon());
    const web2 = await dialController(controller.address, await controller.member('--agent', 'web2'), 5_000, soon());
    const hello: Report = { type: 'hello', name: 'web1', version: '1', protocol: PROTOCOL, instance: 'i' };
    try {
      const commands = web1.session(only(hello), soon())[Symbol.asyncIterator]();
      const welcome = await next(commands, 'welcome');
      const pinged = controller.links.agent('web1').ping({ signal: soon(), timeoutMs: 20_000 });
      const { call } = await next(commands, 'call');
      const answered = (name: string) => ({
        ...{ session: welcome.session, call: call.id },
        outcome: { ok: true, answer: { verb: 'ping', value: { name, version: '1', at: 0 } } } as const,
      });
      await web2.reply(answered('the thief'));
      await web1.reply(answered('web1'));
      await expect(pinged).resolves.toMatchObject({ name: 'web1' });
    } finally {
      web1.close();
      web2.close();
    }
  });
});

async function next<T extends Command['type']>(commands: AsyncIterator<Command>, type: T): Promise<Extract<Command, { type: T }>> {
  for (;;) {
    const result = await commands.next();
    if (result.done === true) throw new Error(`the session ended before ${type}`);
    if (result.value.type === type) return result.value as Extract<Command, { type: T }>;
  }
}

async function* only(report: Report): AsyncGenerator<Report> {
  yield report;
  await new Promise(() => undefined);
}

async function first<T>(items: AsyncIterable<T>): Promise<T> {
  for await (const item of items) return item;
  throw new Error('it ended without a word');
}
