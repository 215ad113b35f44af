import { addressOf } from '../../shared/model/service.js';
import type { MailConfig } from '../config/cluster.js';

/** `mail.example.org:25` */
export const serverOf = ({ host, port }: Pick<MailConfig, 'host' | 'port'>): string => addressOf({ ip: host, port });
