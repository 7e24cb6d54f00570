/** What a service registry is told and what it says. */
import type { CheckStatus, Instance, Registration } from './instance.ts';
import type { ServiceCatalogOptions } from './service-catalog.ts';

export interface ServiceRegistryOptions extends ServiceCatalogOptions {
  /** An instance that was critical for so long is removed. Default 600,000. */
  readonly removeCriticalMs?: number;
  /** Leases that may run out in a second; the rest wait, so that watchers are not flooded. Default 750. */
  readonly expiriesPerSecondMax?: number;
  /** Default 100,000. */
  readonly watchersMax?: number;
}

export interface InstanceName {
  readonly service: string;
  readonly id: string;
}

export type ServiceRegistryInput =
  /** Again with the same id: replaces what it said of itself, and keeps what is known of checks that it still has. */
  | { readonly kind: 'register'; readonly registration: Registration }
  | ({ readonly kind: 'renew' | 'deregister' | 'drain' | 'undrain' } & InstanceName)
  | ({
      readonly kind: 'report';
      readonly check: string;
      readonly status: CheckStatus;
      readonly output?: string;
    } & InstanceName)
  /** Takes over what another registry kept: all leases get their full time and `extendMs` more (see `LeaseTable`). */
  | {
      readonly kind: 'take-over';
      readonly instances: Iterable<Instance>;
      readonly revision: number;
      readonly extendMs: number;
    }
  | { readonly kind: 'tick' };

export type ServiceRegistryEffect =
  | ({ readonly kind: 'registered'; readonly revision: number } & InstanceName)
  | ({ readonly kind: 'renewed'; readonly ttlMs: number } & InstanceName)
  /** `full`: try again later. `unknown`: register again. `unknown-check`: it was not among those registered. */
  | ({
      readonly kind: 'refused';
      readonly why: 'full' | 'invalid' | 'unknown' | 'unknown-check';
      readonly detail: string;
    } & InstanceName)
  | ({ readonly kind: 'lost' } & InstanceName)
  | ({ readonly kind: 'removed'; readonly why: 'deregistered' | 'critical' } & InstanceName);
