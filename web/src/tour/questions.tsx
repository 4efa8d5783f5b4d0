/** The question at the end of a chapter, which the page can check: its answers are computed of the numbers in hand. */
import { useEffect, useState } from "preact/hooks";
import { attentionOf, strongest } from "../numbers/attention";
import { matrix } from "../numbers/data";
import { percent, whole } from "../draw/number";
import type { ChapterName } from "../state/chapters";
import { pronounHead } from "../state/opening";
import { layerOf, type Page, usePage } from "../state/page";
import type { State } from "../state/state";
import { Rich } from "../views/parts/rich";

interface Question {
  options: string[];
  right: number;
  /** The words in the answer. */
  facts?: Record<string, string | number>;
  /** The state that an option shows when it is chosen. */
  show?: (option: number) => Partial<State>;
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

/** The options of a number: the right one among two others, in order. */
function amongst(right: number, others: number[]): Question {
  const all = [...new Set([right, ...others])].sort((a, b) => a - b);
  return { options: all.map(String), right: all.indexOf(right) };
}

function questionOf(page: Page, name: ChapterName): Question | undefined {
  const { look, numbers, t, state } = page;
  const { model } = look;
  const said = (count: number, right: number): Question => ({
    options: upTo(count).map((n) => t(`tour.${name}.option.${n}` as "tour.qkv.option.0")),
    right,
  });
  switch (name) {
    case "words":
      return { ...amongst(model.d_model, [4, model.d_k]), facts: { d_model: model.d_model } };
    case "concat":
      return {
        ...amongst(model.heads * model.d_k, [model.d_k, model.heads]),
        facts: { heads: model.heads, d_k: model.d_k, wide: model.heads * model.d_k },
      };
    case "wordout":
      return {
        ...amongst(model.vocabulary_size, [model.d_model, look.source.words.length]),
        facts: { vocabulary: model.vocabulary_size },
      };
    case "formula": {
      const attention = attentionOf(numbers, "encoder", layerOf(page, "encoder"), true);
      const query = Math.max(0, state.token);
      if (!attention) return undefined;
      const { weights } = attention.row(
        Math.min(state.head, model.heads - 1),
        Math.min(query, attention.queries.length - 1),
      );
      const best = strongest(weights, 4);
      const options = [...best].sort((a, b) => a - b);
      return {
        options: options.map((key) => attention.keys[key]!.text),
        right: options.indexOf(best[0]!),
        facts: {
          query: attention.queries[Math.min(query, attention.queries.length - 1)]!.text,
          key: attention.keys[best[0]!]!.text,
          share: percent(weights[best[0]!]!),
        },
        show: (n) => ({ cell: `${query}:${options[n]}` }),
      };
    }
    case "beast": {
      const attention = attentionOf(numbers, "encoder", layerOf(page, "encoder"), true);
      if (!attention) return undefined;
      const beside = upTo(model.heads).map((head) => {
        const rows = upTo(attention.queries.length).map((query) => attention.row(head, query).weights);
        const mean = (step: number) =>
          rows.reduce((total, row, query) => total + (row[query + step] ?? 0), 0) / rows.length;
        return Math.max(mean(1), mean(-1));
      });
      const [best] = strongest(beside, 1);
      return {
        options: upTo(model.heads).map((head) => t("head.n", { n: head })),
        right: best!,
        facts: { head: best!, share: percent(beside[best!]!) },
        show: (head) => ({ head }),
      };
    }
    case "looks": {
      const found = pronounHead(page.base ?? numbers);
      if (!found) return { ...said(2, 1), facts: {} };
      const places = [
        { layer: found.layer, head: found.head },
        { layer: 0, head: 0 },
        { layer: Math.max(0, model.encoder_layers - 2), head: (found.head + 3) % model.heads },
      ]
        .filter((one, n, all) => all.findIndex((two) => two.layer === one.layer && two.head === one.head) === n)
        .map((one, n) => ({ ...one, right: n === 0 }))
        .sort((a, b) => a.layer - b.layer || a.head - b.head);
      return {
        options: places.map(({ layer, head }) => t("head.at", { head, layer: layer + 1 })),
        right: places.findIndex(({ right }) => right),
        facts: { share: percent(found.weight), key: found.noun.text, query: found.query.text },
        show: (n) => ({
          layer: places[n]!.layer,
          heads: [places[n]!.head],
          token: found.query.tokens[0]!,
          key: found.noun.tokens[0]!,
        }),
      };
    }
    case "feedforward": {
      const inner = numbers.dense(`encoder.layers.${layerOf(page, "encoder")}.feed_forward.inner`);
      if (!inner) return undefined;
      const m = matrix(inner);
      let zeros = 0;
      for (let n = 0; n < m.rows * m.cols; n++) zeros += m.data[m.start + n] === 0 ? 1 : 0;
      const share = Math.round((100 * zeros) / (m.rows * m.cols));
      const options = [...new Set([share, share > 50 ? 5 : 95, 0])].sort((a, b) => a - b);
      return {
        options: options.map((one) => whole(one / 100)),
        right: options.indexOf(share),
        facts: { share: whole(share / 100) },
      };
    }
    case "norm":
      return said(3, 0);
    case "positions":
      return said(2, 0);
    case "qkv":
      return said(3, 0);
    default:
      return said(2, 1);
  }
}

export function Ask({ name }: { name: ChapterName }) {
  const page = usePage();
  const { t, set } = page;
  const [chosen, choose] = useState(-1);
  useEffect(() => choose(-1), [name]);
  const question = questionOf(page, name);
  if (!question) return null;
  const { options, right, facts = {}, show } = question;
  return (
    <section class="ask" data-spot="ask">
      <h3>{t("ask")}</h3>
      <p>
        <Rich text={t(`tour.${name}.ask`, facts)} />
      </p>
      <div class="ask-options">
        {options.map((option, n) => (
          <button
            type="button"
            class="plain"
            aria-pressed={n === chosen}
            onClick={() => {
              choose(n);
              if (show) set(show(n));
            }}
          >
            {option}
            {n === chosen && (n === right ? " ✓" : " ✗")}
          </button>
        ))}
      </div>
      <p role="status" class="ask-answer">
        {chosen >= 0 && (
          <>
            <b>{t(chosen === right ? "ask.right" : "ask.wrong")}</b>{" "}
            {chosen === right && <Rich text={t(`tour.${name}.answer`, facts)} />}
          </>
        )}
      </p>
    </section>
  );
}
