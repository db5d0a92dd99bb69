/** Kafka's error codes as far as a reader or writer meets them, with what to do about each. */

/** What an error code asks of us. */
export type ErrorRemedy =
  /** Ask for metadata again, then resend. */
  | 'refresh'
  /** Resend after a while. */
  | 'retry'
  /** Nothing helps without a person. */
  | 'fatal';

interface KafkaErrorCode {
  readonly name: string;
  readonly remedy: ErrorRemedy;
}

const codes = new Map<number, KafkaErrorCode>(
  (
    [
      [-1, 'UNKNOWN_SERVER_ERROR', 'retry'],
      [1, 'OFFSET_OUT_OF_RANGE', 'fatal'],
      [2, 'CORRUPT_MESSAGE', 'retry'],
      [3, 'UNKNOWN_TOPIC_OR_PARTITION', 'refresh'],
      [5, 'LEADER_NOT_AVAILABLE', 'refresh'],
      [6, 'NOT_LEADER_OR_FOLLOWER', 'refresh'],
      [7, 'REQUEST_TIMED_OUT', 'retry'],
      [8, 'BROKER_NOT_AVAILABLE', 'refresh'],
      [9, 'REPLICA_NOT_AVAILABLE', 'refresh'],
      [10, 'MESSAGE_TOO_LARGE', 'fatal'],
      [13, 'NETWORK_EXCEPTION', 'refresh'],
      [14, 'COORDINATOR_LOAD_IN_PROGRESS', 'retry'],
      [15, 'COORDINATOR_NOT_AVAILABLE', 'retry'],
      [16, 'NOT_COORDINATOR', 'refresh'],
      [17, 'INVALID_TOPIC_EXCEPTION', 'fatal'],
      [19, 'NOT_ENOUGH_REPLICAS', 'retry'],
      [20, 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'retry'],
      [29, 'TOPIC_AUTHORIZATION_FAILED', 'retry'],
      [31, 'CLUSTER_AUTHORIZATION_FAILED', 'retry'],
      [35, 'UNSUPPORTED_VERSION', 'fatal'],
      [41, 'NOT_CONTROLLER', 'refresh'],
      [43, 'UNSUPPORTED_FOR_MESSAGE_FORMAT', 'fatal'],
      [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER', 'fatal'],
      [47, 'INVALID_PRODUCER_EPOCH', 'fatal'],
      [48, 'INVALID_TXN_STATE', 'fatal'],
      [51, 'CONCURRENT_TRANSACTIONS', 'retry'],
      [53, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'fatal'],
      [56, 'KAFKA_STORAGE_ERROR', 'refresh'],
      [74, 'FENCED_LEADER_EPOCH', 'refresh'],
      [75, 'UNKNOWN_LEADER_EPOCH', 'refresh'],
      [76, 'UNSUPPORTED_COMPRESSION_TYPE', 'fatal'],
      [78, 'OFFSET_NOT_AVAILABLE', 'retry'],
      [87, 'INVALID_RECORD', 'fatal'],
      [90, 'PRODUCER_FENCED', 'fatal'],
    ] as const
  ).map(([code, name, remedy]) => [code, { name, remedy }]),
);

/** What is known of a code; unknown ones are retried. */
export function kafkaError(code: number): KafkaErrorCode {
  return codes.get(code) ?? { name: `error ${code}`, remedy: 'retry' };
}

export const errorCode = {
  none: 0,
  offsetOutOfRange: 1,
  unknownTopicOrPartition: 3,
  topicAuthorizationFailed: 29,
} as const;
