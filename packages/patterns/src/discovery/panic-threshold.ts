/**
 * When so few are healthy that the rest would break under the load of all, health is disregarded: most of those that look ill may only look so, and
 * a share of the requests fails instead of all of them (Envoy, "Panic threshold").
 */

/** As in Envoy: below half. */
export const PANIC_SHARE_DEFAULT = 0.5;

/** Whether the healthy are fewer than `panicShare` of all. 0: never; nobody at all is no panic. */
export function isPanic(healthy: number, total: number, panicShare: number): boolean {
  return total > 0 && healthy < total * panicShare;
}
