/** `grpc.health.v1` messages. */
import { enumeration, string } from '../protobuf/fields.ts';
import { type MessageType, message } from '../protobuf/message.ts';

export interface HealthCheckRequest {
  readonly service: string;
}
export const HealthCheckRequest: MessageType<HealthCheckRequest> = message('HealthCheckRequest', {
  service: string(1),
});

export const ServingStatus = { unknown: 0, serving: 1, notServing: 2, serviceUnknown: 3 } as const;

export interface HealthCheckResponse {
  readonly status: number;
}
export const HealthCheckResponse: MessageType<HealthCheckResponse> = message('HealthCheckResponse', {
  status: enumeration(1, ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']),
});
