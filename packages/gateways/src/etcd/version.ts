/** The etcd whose protocol is spoken; clients look at it to decide what they may ask for. */
export const ETCD_CLUSTER_VERSION: string = '3.4.0';

/** What the server calls itself towards etcd clients: etcd's version, with our own as its build. */
export function etcdVersion(ownVersion: string): string {
  return `${ETCD_CLUSTER_VERSION}+quorate-${ownVersion}`;
}
