export { AliasTable } from './alias-table.ts';
export type { Candidates } from './candidates.ts';
export { CatalogCopy, type CatalogCopyOptions, FRESH, type Freshness } from './catalog-copy.ts';
export { answerDns, type DnsView } from './dns-answer.ts';
export { type NameAsked, nameAsked } from './dns-name.ts';
export type { DnsQuestion, DnsRecord, DnsReply, ExtendedDnsError, SoaData, SrvData } from './dns-records.ts';
export { type DnsTransport, messageBytesMax, replyBytes } from './dns-size.ts';
export { type DnsZone, type DnsZoneOptions, dnsZone, type NameServer } from './dns-zone.ts';
export { EarliestDeadline } from './earliest-deadline.ts';
export { type Endpoint, Endpoints, type EndpointsOptions, NO_SLOT } from './endpoints.ts';
export { type EndpointChanges, followInstances } from './follow-instances.ts';
export { HashPicker, type HashPickerOptions } from './hash-picker.ts';
export {
  type HealthCheck,
  HealthChecker,
  type HealthCheckerEffect,
  type HealthCheckerInput,
  type HealthCheckerOptions,
} from './health-checker.ts';
export {
  type CheckState,
  type CheckStatus,
  type Instance,
  type InstanceStatus,
  type Registration,
  registrationFault,
  type ServicePort,
} from './instance.ts';
export { type IpAddress, parseIpAddress, reverseName } from './ip-address.ts';
export { LeastRequest, type LeastRequestOptions } from './least-request.ts';
export { LoadBand, type LoadBandOptions } from './load-band.ts';
export { type LoadMetric, OutstandingRequests, type Picker } from './load-metric.ts';
export { OutlierDetector, type OutlierEffect } from './outlier-detector.ts';
export type { OutlierCause, OutlierOptions, RequestResult } from './outlier-options.ts';
export { isPanic, PANIC_SHARE_DEFAULT } from './panic-threshold.ts';
export { PENALTY, PeakEwma, type PeakEwmaOptions } from './peak-ewma.ts';
export type {
  InstanceName,
  ServiceRegistryEffect,
  ServiceRegistryInput,
  ServiceRegistryOptions,
} from './registry-types.ts';
export { RoundRobin, type RoundRobinOptions, SmoothRoundRobin } from './round-robin.ts';
export { type InstanceQuery, type Selection, selectInstances } from './select-instances.ts';
export {
  type InstanceChange,
  instanceKey,
  ServiceCatalog,
  type ServiceCatalogOptions,
  serviceRange,
} from './service-catalog.ts';
export { ServiceRegistry } from './service-registry.ts';
export { SlowStart, type SlowStartOptions } from './slow-start.ts';
export {
  type ApertureEndpoint,
  type ClientPosition,
  deterministicAperture,
  deterministicSubset,
  rendezvousSubset,
} from './subsets.ts';
export { successRateThreshold } from './success-rates.ts';
export { TwoChoices, type TwoChoicesOptions } from './two-choices.ts';
export { weightedOrder } from './weighted-order.ts';
export { ZoneAware, type ZoneAwareOptions } from './zone-aware.ts';
export { pickZone, planZoneRouting, type ZoneAmounts, type ZonePlan } from './zone-routing.ts';
