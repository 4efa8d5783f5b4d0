/** One small figure a chapter, in steps, with numbers that fit a hand. */
import { css } from "../draw/colour";
import { fixed, whole } from "../draw/number";
import { encodings } from "../numbers/positions";
import { flipped, head, normalised, shares, times, W, X } from "../numbers/toy";
import type { ChapterName } from "../state/chapters";
import { usePage } from "../state/page";
import { Steps, usePlayer } from "../views/parts/player";
import { Rich } from "../views/parts/rich";

interface Cells {
  name: string;
  rows: number[][];
  labels?: string[];
  /** The highlight: a row, a column, a cell. */
  row?: number;
  col?: number;
  /** The cells of the only row that are known by now. */
  known?: number;
}
type Part = Cells | string;
interface Scene {
  parts: Part[];
  say: string;
}

const short = (value: number): string => (Number.isInteger(value) ? String(value).replace("-", "−") : fixed(value, 2));
const sum = (row: number[], col: number[]): string =>
  `${row.map((value, n) => `${short(value)}·${short(col[n]!)}`).join(" + ")} = ${short(
    times(
      [row],
      col.map((value) => [value]),
    )[0]![0]!,
  )}`;

/** The words of a toy: three of the sentence, the one that looks first. */
function scenes(chapter: ChapterName, words: string[], layout: string): Scene[] {
  const x: Cells = { name: "x", rows: [X[0]!], labels: [words[0]!] };
  const all: Cells = { name: "X", rows: X, labels: words };
  const one = head(0);
  const two = head(0, W.v1);
  const divide = "√d_k = √3 = 1.73";
  switch (chapter) {
    case "words":
      return words
        .map((word, n) => ({
          parts: [word, "→", { name: "x", rows: [X[n]!] }],
          say: `${word} → (${X[n]!.join(", ")})`,
        }))
        .concat([{ parts: [{ ...all }], say: "X: 3 × 4" }]);
    case "qkv": {
      const q = times([X[0]!], W.q);
      return q[0]!.map((_, col) => ({
        parts: [{ ...x, row: 0 }, "×", { name: "W^Q", rows: W.q, col }, "=", { name: "q", rows: q, known: col, col }],
        say: sum(
          X[0]!,
          W.q.map((row) => row[col]!),
        ),
      }));
    }
    case "formula": {
      const row = (name: string, values: number[]): Cells => ({ name, rows: [values] });
      const words3 = words.map((word) => word.slice(0, 9));
      const bars: Cells = { name: "q · k", rows: [one.scores], labels: [] };
      const chain: Part[] = [
        bars,
        "→",
        row("÷ √d_k", one.divided),
        "→",
        row("softmax", one.weights),
        "→",
        row("z", one.z),
      ];
      return [
        {
          parts: [
            { name: "q", rows: times([X[0]!], W.q) },
            "·",
            { name: "k", rows: times(X, W.k), labels: words3 },
            "=",
            { name: "q · k", rows: flipped([one.scores]) },
          ],
          say: one.scores.map((score, n) => `${words[0]} · ${words[n]} = ${short(score)}`).join("; "),
        },
        {
          parts: chain.slice(0, 3),
          say: `${divide}: ${one.scores.map((score, n) => `${short(score)} → ${short(one.divided[n]!)}`).join(", ")}`,
        },
        {
          parts: chain.slice(2, 5),
          say: `${one.weights.map(whole).join(" + ")} = ${whole(1)}`,
        },
        {
          parts: [row("softmax", one.weights), "×", { name: "V", rows: one.v, labels: words3 }, "=", row("z", one.z)],
          say: sum(
            one.weights.map((weight) => Math.round(100 * weight) / 100),
            one.v.map((v) => v[0]!),
          ),
        },
      ];
    }
    case "beast":
      return [
        { parts: [x, "×", { name: "W^V₀", rows: W.v }, "→", { name: "Z₀", rows: [one.z] }], say: "Z₀" },
        { parts: [x, "×", { name: "W^V₁", rows: W.v1 }, "→", { name: "Z₁", rows: [two.z] }], say: "Z₁" },
      ];
    case "concat": {
      const wide = [...one.z, ...two.z];
      return [
        { parts: [{ name: "Z₀", rows: [one.z] }, " ", { name: "Z₁", rows: [two.z] }], say: "3 + 3" },
        { parts: [{ name: "Concat(Z₀, Z₁)", rows: [wide] }], say: "6" },
        {
          parts: [
            { name: "Concat", rows: [wide] },
            "×",
            { name: "W^O", rows: W.o },
            "=",
            { name: "Z", rows: times([wide], W.o) },
          ],
          say: "6 → 4",
        },
      ];
    }
    case "looks":
      return words.map((word, n) => ({
        parts: [{ name: "softmax", rows: words.map((_, query) => head(query).weights), labels: words, row: n }],
        say: `${word} → ${words.map((key, k) => `${key} ${whole(head(n).weights[k]!)}`).join(", ")}`,
      }));
    case "positions": {
      const p = encodings(layout, 3, 4).data;
      const rows = [0, 1, 2].map((position) => Array.from(p.subarray(4 * position, 4 * position + 4)));
      return rows.map((row, n) => ({
        parts: [
          { name: "x", rows: [X[n]!], labels: [words[n]!] },
          "+",
          { name: `P[${n}]`, rows: [row] },
          "=",
          { name: "X", rows: [row.map((value, k) => value + X[n]![k]!)] },
        ],
        say: `P[${n}] = (${row.map(short).join(", ")})`,
      }));
    }
    case "norm": {
      const z = times([[...one.z, ...two.z].map((value) => Math.round(value))], W.o)[0]!;
      const added = X[0]!.map((value, n) => value + z[n]!);
      const { mean, spread, row } = normalised(added);
      return [
        { parts: [x, "+", { name: "Z", rows: [z] }, "=", { name: "x + Z", rows: [added] }], say: "x + Z" },
        {
          parts: [
            { name: "x + Z", rows: [added] },
            `− ${short(mean)} →`,
            { name: "", rows: [added.map((value) => value - mean)] },
          ],
          say: `(${added.map(short).join(" + ")}) / 4 = ${short(mean)}`,
        },
        {
          parts: [
            { name: "", rows: [added.map((value) => value - mean)] },
            `÷ ${short(spread)} →`,
            { name: "LN", rows: [row] },
          ],
          say: `√( Σ (x − ${short(mean)})² / 4 ) = ${short(spread)}`,
        },
      ];
    }
    case "feedforward": {
      const wide = times([X[0]!], W.first)[0]!;
      const relu = wide.map((value) => Math.max(0, value));
      return [
        { parts: [x, "× W₁ →", { name: "", rows: [wide] }], say: "4 → 6" },
        {
          parts: [{ name: "", rows: [wide] }, "→", { name: "ReLU", rows: [relu] }],
          say: `max(0, x): ${relu.filter((value) => value === 0).length} / 6 = 0`,
        },
        {
          parts: [{ name: "ReLU", rows: [relu] }, "× W₂ →", { name: "", rows: times([relu], W.second) }],
          say: "6 → 4",
        },
      ];
    }
    case "wordout": {
      const scores = times([X[0]!], W.out)[0]!;
      const chosen = shares(scores);
      const vocabulary = ["es", "er", "sie"];
      return [
        {
          parts: [
            { name: "R", rows: [X[0]!] },
            "×",
            { name: "linear", rows: W.out },
            "=",
            { name: "", rows: [scores] },
          ],
          say: "4 → 3",
        },
        {
          parts: [{ name: "", rows: [scores] }, "→", { name: "softmax", rows: flipped([chosen]), labels: vocabulary }],
          say: vocabulary.map((word, n) => `${word} ${whole(chosen[n]!)}`).join(", "),
        },
      ];
    }
    default: {
      const off = times([[...one.z, 0, 0, 0]], W.o);
      return [
        {
          parts: [
            { name: "Z₀", rows: [one.z] },
            { name: "Z₁", rows: [two.z] },
            "× W^O =",
            { name: "Z", rows: times([[...one.z, ...two.z]], W.o) },
          ],
          say: "Z₀, Z₁",
        },
        {
          parts: [
            { name: "Z₀", rows: [one.z] },
            { name: "Z₁", rows: [[0, 0, 0]] },
            "× W^O =",
            { name: "Z", rows: off },
          ],
          say: "Z₁ = 0",
        },
      ];
    }
  }
}

export function Toy({ chapter }: { chapter: ChapterName }) {
  const { t, look, state } = usePage();
  const whole = look.source.words
    .map(({ text }) => text)
    .filter((text) => /[\p{L}\p{N}]/u.test(text) && !text.startsWith("<"));
  const words = [...whole.slice(0, 3), "a", "b", "c"].slice(0, 3);
  const all = scenes(chapter, words, state.layout || look.model.positions);
  const player = usePlayer(all.length, 1.6);
  const scene = all[player.at]!;
  return (
    <figure class="toy" data-spot="toy">
      <figcaption>
        {t("toy")} <Steps player={player} label={t("toy.steps")} />
      </figcaption>
      <div class="toy-parts">
        {scene.parts.map((part, n) =>
          typeof part === "string" ? (
            <span key={n} class="toy-sign">
              <Rich text={part} />
            </span>
          ) : (
            <Small key={n} {...part} />
          ),
        )}
      </div>
      <p class="toy-say" aria-live="polite">
        <Rich text={scene.say} />
      </p>
    </figure>
  );
}

function Small({ name, rows, labels, row, col, known }: Cells) {
  const { theme } = usePage();
  const most = Math.max(1, ...rows.flat().map(Math.abs));
  const back = (value: number) => css(value < 0 ? theme.minus : theme.plus, 0.06 + 0.26 * (Math.abs(value) / most));
  return (
    <table class="cells">
      <caption class="symbol">
        <Rich text={name} />
      </caption>
      <tbody>
        {rows.map((values, n) => (
          <tr>
            {labels?.[n] !== undefined && (
              <th scope="row">
                <bdi>{labels[n]}</bdi>
              </th>
            )}
            {values.map((value, k) => {
              const there = known === undefined || k <= known;
              return (
                <td class={row === n || col === k ? "lit" : ""} style={{ background: there ? back(value) : undefined }}>
                  {there ? short(value) : "·"}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
