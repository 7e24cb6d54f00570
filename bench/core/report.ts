/** One figure, measured several times on each side. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  /** What a larger number means. */
  readonly better: 'higher' | 'lower';
  /** By contender; the first one is the peer that the others are held against. */
  readonly samples: ReadonlyMap<string, readonly number[]>;
  /** Where an aim is set, by contender: the least ratio. */
  readonly aims?: Readonly<Record<string, number>>;
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const digits = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);

/** How much better `value` is than the peer: above 1 is better, whichever direction that is. */
export function ratio(figure: Figure, name: string): number {
  const [[, peer]] = [...figure.samples] as [[string, readonly number[]]];
  const own = median(figure.samples.get(name) ?? []);
  return figure.better === 'higher' ? own / median(peer) : median(peer) / own;
}

/** A Markdown table: median (minimum – maximum) and the ratio against the first contender. */
export function table(figures: readonly Figure[]): string {
  const lines = ['| what | side | median (min – max) | ratio | aim |', '|---|---|---|---|---|'];
  for (const figure of figures) {
    let first = true;
    for (const [name, samples] of figure.samples) {
      const shown = `${digits(median(samples))} (${digits(Math.min(...samples))} – ${digits(Math.max(...samples))}) ${figure.unit}`;
      const aim = figure.aims?.[name];
      const times = ratio(figure, name);
      const against = first ? '1' : Number.isFinite(times) ? `${times.toFixed(2)}×` : '–';
      const held = aim === undefined ? '' : `≥ ${aim}× ${ratio(figure, name) >= aim ? 'reached' : 'not reached'}`;
      lines.push(`| ${first ? figure.what : ''} | ${name} | ${shown} | ${against} | ${held} |`);
      first = false;
    }
  }
  return `${lines.join('\n')}\n`;
}
