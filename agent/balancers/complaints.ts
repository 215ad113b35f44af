import { AppError } from '../../shared/errors.js';

/** An order for a backend that is not there, with the ones that are. */
export function unknownBackend(where: string, address: string, known: readonly { readonly address: string }[]): AppError {
  const addresses = [...new Set(known.map((k) => k.address))].join(', ');
  return new AppError('not-found', `${where} has no backend ${address}`, {
    hint: addresses === '' ? 'it has no backends at all' : `it has ${addresses}`,
  });
}

/** An order that was carried out, and did not show. */
export const notDone = (where: string, address: string, wanted: 'in' | 'out', place: string): AppError =>
  new AppError('failed', `${where} still has ${address} ${wanted === 'in' ? 'out' : 'in'} in ${place}`);
