import type { ChannelOptions } from '@grpc/grpc-js';

/** The largest message either side sends or accepts. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

const both: ChannelOptions = {
  // A peer that is gone without a word (power, cable, SIGSTOP) is noticed within 15 s.
  'grpc.keepalive_time_ms': 8_000,
  'grpc.keepalive_timeout_ms': 4_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
};

export const SERVER_OPTIONS: ChannelOptions = { ...both, 'grpc.max_concurrent_streams': 256 };

export const CHANNEL_OPTIONS: ChannelOptions = {
  ...both,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // Read by nice-grpc as the limit of one attempt: grpc-js itself waits for ever for a server that accepts and says nothing.
  'grpc.min_reconnect_backoff_ms': 5_000,
  // What is repeated, and when, is decided by whoever calls: a command that changes something must not go out twice behind his back.
  'grpc.enable_retries': 0,
  // http_proxy in the environment is not for this.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.use_local_subchannel_pool': 1,
};

/** Of a unary call whose caller names none. */
export const DEFAULT_DEADLINE_MS = 10_000;
