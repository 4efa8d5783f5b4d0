import { describe, expect, it } from "vitest";
import { plain } from "../src/numbers/data";
import { type Arc, curve, heaviest, MOST_ARCS } from "../src/draw/arcs";
import { amount, between, DARK, dash, hue, LIGHT, lit, mix, type Rgb, readable, signed } from "../src/draw/colour";
import { fixed, percent, thousands } from "../src/draw/number";
import { cellAt, pixels, usual } from "../src/draw/paint";

describe("arcs", () => {
  const arcs: Arc[] = Array.from({ length: 900 }, (_, n) => ({ from: n, to: n, head: 0, weight: n / 900 }));
  it("are at most 300, the heaviest, on top of each other in order", () => {
    const { drawn, left } = heaviest(arcs);
    expect(drawn).toHaveLength(MOST_ARCS);
    expect(drawn.at(-1)!.weight).toBe(899 / 900);
    expect(drawn[0]!.weight).toBeLessThan(drawn[1]!.weight);
    expect(left).toBe(900 - 9 - MOST_ARCS);
  });
  it("leave and arrive level", () => expect(curve(10, 40, 100)).toBe("M0 10C45 10 55 40 100 40"));
});

describe("heat maps", () => {
  const m = plain(2, 2, new Float32Array([0, 1, -1, -Infinity]));
  it("paint signed numbers to both sides, and what is not allowed in its own colour", () => {
    const found = pixels(m, signed(LIGHT, 1));
    expect([...found.slice(0, 4)]).toEqual([...LIGHT.neutral, 255]);
    expect([...found.slice(4, 8)]).toEqual([...LIGHT.plus, 255]);
    expect([...found.slice(8, 12)]).toEqual([...LIGHT.minus, 255]);
    expect([...found.slice(12, 16)]).toEqual([...LIGHT.nothing, 255]);
  });
  it("paint amounts by the square root", () =>
    expect(amount(LIGHT, [0, 0, 0])(0.04)).toEqual(mix(LIGHT.paper, [0, 0, 0], 0.2)));
  it("paint a range evenly", () =>
    expect(between(LIGHT, [0, 0, 0], 10, 20)(12)).toEqual(mix(LIGHT.paper, [0, 0, 0], 0.2)));
  it("are not paled by one large number", () =>
    expect(
      usual(
        plain(
          1,
          200,
          Float32Array.from({ length: 200 }, (_, n) => (n ? 1 : 1000)),
        ),
      ),
    ).toBe(1));
  it("know the cell under a point", () => {
    expect(cellAt({ rows: 4, cols: 10 }, 0.55, 0.3)).toEqual([1, 5]);
    expect(cellAt({ rows: 4, cols: 10 }, 1, -0.1)).toEqual([0, 9]);
  });
});

describe("heads", () => {
  it("eight have eight colours and eight dashes, light and dark", () => {
    for (const dark of [true, false])
      expect(new Set(Array.from({ length: 8 }, (_, head) => hue(head, dark).join())).size).toBe(8);
    expect(new Set(Array.from({ length: 8 }, (_, head) => dash(head))).size).toBe(8);
  });
  it("text on them is readable", () => {
    expect(readable(LIGHT.paper)).toBe("#000");
    expect(readable(DARK.paper)).toBe("#fff");
  });
  it("text can be read at every weight, light and dark", () => {
    const luminance = (rgb: Rgb) => {
      const [r, g, b] = rgb.map((channel) =>
        channel <= 10 ? channel / 3294 : ((channel / 255 + 0.055) / 1.055) ** 2.4,
      ) as [number, number, number];
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    for (const theme of [LIGHT, DARK])
      for (const colour of [theme.plus, ...Array.from({ length: 8 }, (_, head) => hue(head, theme.dark))])
        for (let hundredths = 0; hundredths <= 100; hundredths++) {
          const { background, color } = lit(theme, colour, hundredths / 100);
          const back = luminance(background.match(/[\d.]+/g)!.map(Number) as unknown as Rgb) + 0.05;
          expect(color === "#000" ? back / 0.05 : 1.05 / back).toBeGreaterThan(4.5);
        }
  });
});

describe("numbers", () => {
  it("have a real minus and enough digits", () => {
    expect([fixed(-1.234), fixed(-Infinity), fixed(0.00001), fixed(0)]).toEqual(["−1.23", "−∞", "1.0e−5", "0.00"]);
    expect([percent(0.654), percent(0.0042), percent(0.0001), percent(1), percent(0)]).toEqual([
      "65 %",
      "0.4 %",
      "< 0.1 %",
      "100 %",
      "0 %",
    ]);
    expect(thousands(1447424)).toBe("1 447 424");
  });
});
