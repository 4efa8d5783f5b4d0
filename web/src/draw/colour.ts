/** Colours of heads and of numbers. A head also has its number and its dash: colour is never alone. */

export interface Theme {
  dark: boolean;
  paper: Rgb;
  ink: Rgb;
  nothing: Rgb;
  minus: Rgb;
  plus: Rgb;
  neutral: Rgb;
}
export type Rgb = readonly [number, number, number];

export const LIGHT: Theme = {
  dark: false,
  paper: [255, 255, 255],
  ink: [42, 74, 138],
  nothing: [226, 223, 216],
  minus: [178, 88, 22],
  plus: [33, 88, 168],
  neutral: [252, 251, 249],
};
export const DARK: Theme = {
  dark: true,
  paper: [30, 32, 38],
  ink: [150, 184, 255],
  nothing: [58, 60, 68],
  minus: [246, 158, 84],
  plus: [116, 172, 255],
  neutral: [28, 30, 35],
};

const HUES_LIGHT: Rgb[] = [
  [37, 99, 201],
  [201, 86, 12],
  [22, 128, 74],
  [184, 38, 118],
  [112, 72, 200],
  [8, 125, 145],
  [145, 105, 0],
  [190, 48, 44],
];
const HUES_DARK: Rgb[] = [
  [116, 168, 255],
  [255, 160, 92],
  [96, 208, 148],
  [246, 128, 190],
  [180, 152, 255],
  [84, 204, 222],
  [226, 188, 72],
  [255, 132, 124],
];
const DASHES = ["", "7 3", "2 3", "10 3 2 3", "4 2", "14 4", "1 5", "6 2 1 2 1 2"];

export const hue = (head: number, dark: boolean): Rgb => (dark ? HUES_DARK : HUES_LIGHT)[head % 8]!;
export const dash = (head: number): string => DASHES[head % 8]!;
export const css = ([r, g, b]: Rgb, alpha = 1): string =>
  alpha === 1 ? `rgb(${r} ${g} ${b})` : `rgb(${r} ${g} ${b} / ${alpha})`;

const light = (channel: number): number => (channel <= 10 ? channel / 3294 : ((channel / 255 + 0.055) / 1.055) ** 2.4);

/** Black or white: what is read more easily on this colour. */
export const readable = ([r, g, b]: Rgb): string =>
  0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b) > 0.18 ? "#000" : "#fff";

/** Between two colours; the share is cut to 0 … 1. */
export function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const s = share < 0 ? 0 : share > 1 ? 1 : share;
  return [from[0] + (to[0] - from[0]) * s, from[1] + (to[1] - from[1]) * s, from[2] + (to[2] - from[2]) * s];
}

/** How text stands on the colour of a weight, 0 … 1, by the square root; at every weight it can be read (WCAG AA). */
export function lit(theme: Theme, colour: Rgb, weight: number): { background: string; color: string } {
  const back = mix(theme.paper, colour, 0.75 * Math.sqrt(weight));
  return { background: css(back), color: readable(back) };
}

export type Scale = (value: number) => Rgb;

/** 256 steps, made once: a picture of a long sentence has millions of cells. */
const ramp = (from: Rgb, to: Rgb): Rgb[] => Array.from({ length: 256 }, (_, n) => mix(from, to, n / 255));
const step = (share: number): number => (share >= 1 ? 255 : share > 0 ? Math.round(share * 255) : 0);

/** 0 … `most` from paper to colour, by the square root, so that small weights are seen. */
export function amount(theme: Theme, colour: Rgb, most = 1): Scale {
  const steps = ramp(theme.paper, colour);
  return (value) => steps[step(Math.sqrt(value / most))]!;
}

/** −most … 0 … most; what is not allowed (−∞) has its own colour. */
export function signed(theme: Theme, most: number): Scale {
  const [minus, plus] = [ramp(theme.neutral, theme.minus), ramp(theme.neutral, theme.plus)];
  return (value) => (value === -Infinity ? theme.nothing : (value < 0 ? minus : plus)[step(Math.abs(value) / most)]!);
}

export function between(theme: Theme, colour: Rgb, from: number, to: number): Scale {
  const steps = ramp(theme.paper, colour);
  return (value) => steps[step((value - from) / (to - from || 1))]!;
}
