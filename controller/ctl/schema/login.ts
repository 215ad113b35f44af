import { z } from 'zod';
import { ROLES } from '../../../shared/model/identity.js';
import { exit, isoTime, schemaNumber } from './common.js';

export const login = z.strictObject({
  schema: schemaNumber,
  action: z.literal('login'),
  exit,
  name: z.string(),
  role: z.enum(ROLES).nullable(),
  /** host:port. */
  controller: z.string(),
  /** Until when the certificate is valid, if it is not used. */
  until: isoTime,
});
