/** Curves from the rows on the left to the rows on the right, at most 300: more is a heat map's work. */

export const MOST_ARCS = 300;

export interface Arc {
  from: number;
  to: number;
  head: number;
  weight: number;
}

/** The heaviest of them, the heavy last so that they lie on top, and how many were left out. */
export function heaviest(arcs: Arc[], most = MOST_ARCS, least = 0.01): { drawn: Arc[]; left: number } {
  const seen = arcs.filter((arc) => arc.weight >= least).sort((a, b) => b.weight - a.weight);
  return { drawn: seen.slice(0, most).reverse(), left: Math.max(0, seen.length - most) };
}

/** A curve that leaves and arrives level. */
export function curve(y1: number, y2: number, width: number): string {
  const bend = width * 0.45;
  const n = (value: number) => Math.round(value * 10) / 10;
  return `M0 ${n(y1)}C${n(bend)} ${n(y1)} ${n(width - bend)} ${n(y2)} ${n(width)} ${n(y2)}`;
}

export const thickness = (weight: number): number => 0.6 + 7 * Math.sqrt(weight) * Math.sqrt(weight);
