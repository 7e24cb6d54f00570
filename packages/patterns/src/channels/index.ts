export { FrameError, FrameReader, FrameWriter } from './frames.ts';
export { RequestBatch, type RequestBatchOptions } from './request-batch.ts';
export { type Outgoing, RequestPipeline, type RequestPipelineOptions } from './request-pipeline.ts';
export {
  type Answer,
  RequestWaitingList,
  type RequestWaitingListOptions,
  type WaitEnd,
} from './request-waiting-list.ts';
export {
  AnsweringChannel,
  type AnsweringChannelOptions,
  type AnsweringEffect,
  AskingChannel,
  type AskingChannelOptions,
  type AskingEffect,
  type UnansweredRequest,
} from './single-socket-channel.ts';
export {
  type ApplyUpdates,
  QueueClosedError,
  QueueFullError,
  SingularUpdateQueue,
  type SingularUpdateQueueOptions,
} from './singular-update-queue.ts';
export { AllOf, QuorumOf, type Verdict, type WaitCondition } from './wait-condition.ts';
