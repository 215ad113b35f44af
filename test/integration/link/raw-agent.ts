import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { Certified } from '../../../shared/pki/certificate.js';
import type { Address } from '../../../shared/rpc/address.js';

/** Somebody who has a certificate, and writes bytes where others write messages: HTTP/2 by hand, as gRPC frames it. */
export interface RawAgent extends AsyncDisposable {
  /** Begins a call (`/ctl.v1.AgentLink/Session`). */
  call(path: string): RawCall;
}

export interface RawCall {
  /** As they are, on the stream of the call. */
  write(bytes: Buffer): void;
  /** No more comes from us. */
  end(): void;
  /** The peer is gone in the middle of it. */
  breakOff(): void;
  /** Bytes of the first answer. */
  readonly answered: Promise<Buffer>;
  /** `grpc-status`; null: the connection ended without one. */
  readonly status: Promise<string | null>;
}

export function rawAgent(address: Address, { own, authorities }: Certified): RawAgent {
  if (address.kind !== 'tcp') throw new Error('only ports');
  const session: ClientHttp2Session = connect(`https://${address.host}:${address.port}`, {
    ca: [...authorities],
    key: own.key,
    cert: own.certificate,
    // Who the controller is, is not what is tested.
    checkServerIdentity: () => undefined,
  });
  session.on('error', () => undefined);
  return {
    call: (path) => callOn(session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' })),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        session.once('close', resolve);
        session.destroy();
      }),
  };
}

function callOn(stream: ClientHttp2Stream): RawCall {
  stream.on('error', () => undefined);
  const status = new Promise<string | null>((resolve) => {
    const told = (headers: Readonly<Record<string, unknown>>) => {
      if (typeof headers['grpc-status'] === 'string') resolve(headers['grpc-status']);
    };
    stream.on('response', told);
    stream.on('trailers', told);
    stream.once('close', () => resolve(null));
  });
  const answered = new Promise<Buffer>((resolve) => stream.once('data', resolve));
  stream.resume();
  return {
    write: (bytes) => void stream.write(bytes),
    end: () => void stream.end(),
    breakOff: () => void stream.destroy(),
    answered,
    status,
  };
}

/** One message in its gRPC frame; `claimed`: the length that is said of it. */
export function framed(message: Buffer, claimed = message.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(claimed, 1);
  return Buffer.concat([head, message]);
}

/** A field of protobuf with a length: bytes, a string, a message. */
export function field(number: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from(varint((number << 3) | 2)), Buffer.from(varint(bytes.length)), bytes]);
}

/** A field of protobuf with a number. */
export const numberField = (number: number, value: number): Buffer => Buffer.from([...varint(number << 3), ...varint(value)]);

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
