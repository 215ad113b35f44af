import { watch } from 'chokidar';
import { messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import { type Certified, readCertificate } from '../../shared/pki/certificate.js';
import { readIdentityFile } from '../../shared/pki/identity-file.js';
import { renewAt } from '../../shared/pki/renewal.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { ServerCertificates } from '../../shared/rpc/server.js';
import type { RpcService } from '../../shared/rpc/service.js';
import type { Observation } from '../incidents/observation.js';
import { createAdmission } from './admission.js';
import { anchorOf, type Authority, certifyController, controllerFile, readAuthorities } from './authority.js';
import { createExpiryWatch, heldBy } from './expiry.js';
import { openMembers } from './members.js';
import { createRefusals, type RefusedChange } from './refusals.js';
import { readRevocations } from './revocations.js';
import { createIdentityService } from './service.js';

/** Who the controller is, and whom it knows. Follows what `ctl-controller revoke` and `ca` do in its folder. */
export interface ControllerIdentity {
  readonly certificates: ServerCertificates;
  readonly service: RpcService;
  stop(): Promise<void>;
}

export interface IdentityDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Takes what is to be told of certificates that expire; what it does not take is told again. */
  readonly observe: (observation: Observation) => Promise<void>;
  /** Takes what is to be on record of who was refused. */
  readonly record: (change: RefusedChange) => void;
}

export interface IdentityOptions {
  /** `identityFolder(stateDir)`. */
  readonly folder: string;
  /** Of [controller] address: what the certificate of the controller is for. */
  readonly host: string;
  /** How often the folder is looked at, whatever the system tells of it. */
  readonly pollMs?: number;
}

/** null: `ctl-controller init` has not been done. Errors: `config`, `failed` (what is in the folder cannot be read). */
export async function openIdentity(deps: IdentityDeps, options: IdentityOptions): Promise<ControllerIdentity | null> {
  const { clock, log, observe } = deps;
  const { folder, host, pollMs = 1_000 } = options;
  let authorities = await readAuthorities(folder);
  if (authorities.length === 0) return null;
  const now = () => clock.now();
  const members = await openMembers(folder, now());
  let revocations = await readRevocations(folder);
  let certified = await ownCertificate(folder, authorities, host, now());
  const listeners: ((certified: Certified) => void)[] = [];
  const admission = createAdmission({
    members,
    revocations: () => revocations,
    trusted: () => authorities.map(({ info }) => info.fingerprint),
    now,
  });
  const refusals = createRefusals(deps);
  const review = () => admission.review();
  const service = createIdentityService({ folder, authorities: () => authorities, members, review, now, refusals, log });

  let expiry = createExpiryWatch();
  const stopping = new AbortController();
  let nap = new AbortController();
  let told = '';
  const watcher = watch(folder, { ignoreInitial: true });
  for (const event of ['all', 'raw'] as const) watcher.on(event, () => nap.abort());
  watcher.on('error', (error) => log.warn({ error }, `${folder} cannot be watched: it is looked at every ${pollMs / 1000} s`));
  const followed = follow();

  return {
    certificates: {
      current: () => certified,
      subscribe: (listener) => void listeners.push(listener),
      admit: admission.admit,
      refused: (call) => refusals.call(call),
    },
    service,
    async stop() {
      stopping.abort();
      nap.abort();
      refusals.stop();
      await watcher.close();
      await followed;
      await members.save();
    },
  };

  async function follow(): Promise<void> {
    let savedAt = now();
    while (!stopping.signal.aborted) {
      await clock.sleep(pollMs, nap.signal).catch(() => undefined);
      nap = new AbortController();
      try {
        await look();
        if (now() - savedAt > SAVE_MS) {
          savedAt = now();
          await members.save();
        }
        told = '';
      } catch (error) {
        // What was read before goes on being good; the same trouble again and again is told once.
        if (messageOf(error) !== told) log.error({ error }, `${folder} could not be looked at`);
        told = messageOf(error);
      }
    }
  }

  async function look(): Promise<void> {
    revocations = await readRevocations(folder);
    const found = await readAuthorities(folder);
    if (found.length > 0) authorities = found;
    admission.review();
    const next = await ownCertificate(folder, authorities, host, now(), certified);
    if (next !== certified) {
      certified = next;
      log.info({ until: readCertificate(next.own.certificate).notAfter }, 'the certificate of the controller is a new one');
      for (const tell of listeners) tell(next);
    }
    await warn();
  }

  async function warn(): Promise<void> {
    const held = heldBy(members.all(), revocations, authorities, readCertificate(certified.own.certificate));
    try {
      for (const observation of expiry.look(held, now())) await observe(observation);
    } catch (error) {
      expiry = createExpiryWatch();
      throw error;
    }
  }
}

/** How often is noted who was seen. */
const SAVE_MS = 10_000;

/** The one that there is (`known`, or in the folder) as long as it will do, else a new one. */
async function ownCertificate(
  folder: string,
  authorities: readonly Authority[],
  host: string,
  now: number,
  known: Certified | null = null,
): Promise<Certified> {
  const kept = known ?? (await readIdentityFile(controllerFile(folder)));
  if (kept === null) return certifyController(folder, authorities, host, now);
  const certificate = readCertificate(kept.own.certificate);
  const fits = certificate.isFor(host) && certificate.isIssuedBy(anchorOf(authorities).info) && now < renewAt(certificate);
  if (!fits) return certifyController(folder, authorities, host, now);
  const trusted = authorities.map((one) => one.certificate);
  return kept.authorities.length === trusted.length && trusted.every((one, index) => one.trim() === kept.authorities[index]?.trim())
    ? kept
    : { ...kept, authorities: trusted };
}
