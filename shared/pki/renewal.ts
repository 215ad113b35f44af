import type { Certificate } from './certificate.js';

/** When a certificate is due to be replaced: at two thirds of its life. Epoch ms. */
export const renewAt = ({ notBefore, notAfter }: Pick<Certificate, 'notBefore' | 'notAfter'>): number =>
  notBefore + ((notAfter - notBefore) * 2) / 3;
