/**
 * What a name asks for. Below the zone (`quorate` if not configured otherwise), by analogy with Consul and Kubernetes:
 *
 *     web.service.quorate              the instances of web
 *     blue.web.service.quorate         those with the tag blue
 *     _web._tcp.service.quorate        RFC 2782: instances of web with a TCP port; instead of _tcp and _udp also _tag
 *     _http._tcp.web.service.quorate   the port called http of the instances of web
 *     w1.web.node.quorate              one instance, whatever its health
 *     4.3.2.1.in-addr.arpa             the instances at an address
 *
 * Pure; names are compared without regard to case (RFC 4343).
 */

export type NameAsked =
  /** Another zone's: not for us to answer. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'apex' }
  /** Nothing is here, but there may be something below. */
  | { readonly kind: 'branch'; readonly service?: string; readonly protocol?: string }
  | { readonly kind: 'service'; readonly service: string; readonly tag?: string }
  /** `tag` or `protocol`, whatever the second label says. */
  | { readonly kind: 'srv'; readonly service: string; readonly tag?: string; readonly protocol?: string }
  | { readonly kind: 'port'; readonly service: string; readonly port: string; readonly protocol: string }
  | { readonly kind: 'node'; readonly service: string; readonly id: string }
  | { readonly kind: 'reverse'; readonly name: string }
  /** Directly below the zone, or not of any form that there is. */
  | { readonly kind: 'other'; readonly labels: readonly string[] };

const PROTOCOLS = ['tcp', 'udp'];

/** `zone` in lower case, without a dot at the end. */
export function nameAsked(name: string, zone: string): NameAsked {
  const plain = normalName(name);
  if (plain.endsWith('.in-addr.arpa') || plain.endsWith('.ip6.arpa')) return { kind: 'reverse', name: plain };
  if (plain === zone) return { kind: 'apex' };
  if (!plain.endsWith(`.${zone}`)) return { kind: 'foreign' };
  const labels = plain.slice(0, -zone.length - 1).split('.');
  const rest = labels.slice(0, -1);
  if (labels.at(-1) === 'service') return belowService(rest, labels);
  if (labels.at(-1) === 'node') return belowNode(rest, labels);
  return { kind: 'other', labels };
}

/** In lower case, without the dot at the end. */
export function normalName(name: string): string {
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
}

function belowService(rest: readonly string[], labels: readonly string[]): NameAsked {
  const [first = '', second = '', third = ''] = rest;
  switch (rest.length) {
    case 0:
      return { kind: 'branch' };
    case 1:
      // Below _tcp.service there are services, by the form of RFC 2782.
      return first.startsWith('_') ? { kind: 'branch' } : { kind: 'service', service: first };
    case 2:
      if (first.startsWith('_') && second.startsWith('_')) return srv(first.slice(1), second.slice(1));
      if (first.startsWith('_')) return { kind: 'branch', service: second, protocol: first.slice(1) };
      return { kind: 'service', service: second, tag: first };
    case 3:
      if (first.startsWith('_') && second.startsWith('_'))
        return { kind: 'port', service: third, port: first.slice(1), protocol: second.slice(1) };
      return { kind: 'other', labels };
    default:
      return { kind: 'other', labels };
  }
}

function belowNode(rest: readonly string[], labels: readonly string[]): NameAsked {
  const [first = '', second = ''] = rest;
  if (rest.length === 0) return { kind: 'branch' };
  if (rest.length === 1) return { kind: 'branch', service: first };
  return rest.length === 2 ? { kind: 'node', id: first, service: second } : { kind: 'other', labels };
}

function srv(service: string, second: string): NameAsked {
  return PROTOCOLS.includes(second)
    ? { kind: 'srv', service, protocol: second }
    : { kind: 'srv', service, tag: second };
}
