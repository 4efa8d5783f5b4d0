/** Numbers as they are read. */

export const fixed = (value: number, digits = 2): string => {
  if (value === -Infinity) return "−∞";
  const text =
    Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 10 ** -digits / 2)
      ? value.toExponential(1)
      : value.toFixed(digits);
  return text.replaceAll("-", "−");
};

let sign = " %";

/** How a share is written from now on: "45 %" in English, "45%" in Chinese. */
export function writePercent(text: string): void {
  sign = text;
}

export const percent = (share: number): string => {
  const of100 = share * 100;
  if (of100 > 0 && of100 < 0.1) return `< 0.1${sign}`;
  return `${of100 < 9.95 && of100 !== Math.round(of100) ? of100.toFixed(1) : Math.round(of100)}${sign}`;
};

/** Without digits behind the point. */
export const whole = (share: number): string => `${Math.round(100 * share)}${sign}`;

export const thousands = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
