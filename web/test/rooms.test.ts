/** The rooms of the page: imports point downwards, and never in a circle (Biome holds the circles file by file). */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");

/** From the ground up; rooms of one floor do not know each other. The model in the page is a house of its own. */
const FLOORS = [
  ["numbers/wire", "words"],
  ["numbers"],
  ["draw", "text", "transformer"],
  ["worker"],
  ["state"],
  ["views/parts"],
  ["views"],
  ["tour"],
  ["app"],
  ["main"],
];

const floorOf = (file: string): { floor: number; room: string } => {
  const names = FLOORS.flat().filter(
    (room) => file === room || file.startsWith(`${room}/`) || file.startsWith(`${room}.`),
  );
  const room = names.sort((a, b) => b.length - a.length)[0] ?? "";
  return { floor: FLOORS.findIndex((rooms) => rooms.includes(room)), room };
};

/** What is wrong with an import; "" where nothing is. */
function wrong(from: string, to: string): string {
  const [above, below] = [floorOf(from), floorOf(to)];
  if (above.floor < 0) return `${from} is in no room`;
  if (above.room === below.room || below.floor < above.floor) return "";
  return `${from} imports ${to}, which is not below it`;
}

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));

describe("rooms", () => {
  it("import only what is below them", () => {
    const faults = files.flatMap((file) => {
      const text = readFileSync(join(SRC, file), "utf8");
      return [...text.matchAll(/from "(\.[^"]+)"/g)].map(([, to]) =>
        wrong(file, relative(SRC, join(SRC, dirname(file), to!))),
      );
    });
    expect(faults.filter(Boolean)).toEqual([]);
  });
  it("would be told apart", () => {
    expect(wrong("draw/heat.tsx", "views/flow")).toContain("not below");
    expect(wrong("views/parts/rich.tsx", "views/flow")).toContain("not below");
    expect(wrong("elsewhere.ts", "views/flow")).toContain("in no room");
  });
  it("numbers know no document and no view", () => {
    for (const file of files.filter((name) => name.startsWith("numbers/")))
      expect(readFileSync(join(SRC, file), "utf8"), file).not.toMatch(/preact|\bdocument\b\./);
  });
});
