/** The ten questions on a sheet to print, and on another page what this model answers to them. */
import { attentionOf, shown, strongest } from "../numbers/attention";
import { matrix, at } from "../numbers/data";
import { fixed, percent } from "../draw/number";
import { pronounHead } from "../state/opening";
import { usePage } from "../state/page";
import { Rich } from "../views/parts/rich";

const TEN = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;

export function Worksheet() {
  const page = usePage();
  const { t, look, numbers, base } = page;
  const { model } = look;
  const last = model.encoder_layers - 1;
  const attention = attentionOf(numbers, "encoder", last, false);
  const found = pronounHead(base ?? numbers);
  const scores = numbers.dense(`encoder.layers.${last}.self_attention.scores`);
  if (!attention || !scores) return <p class="loading">{t("loading")}</p>;
  const head = found?.layer === last ? found.head : 0;
  const query = found?.query ?? attention.queries[0]!;
  const row = attention.queries.findIndex(({ text }) => text === query.text);
  const { weights } = attention.row(head, Math.max(0, row));
  const [key] = strongest(weights, 1);
  const token = attention.keys[key!]!.tokens[0]!;
  const step = look.steps.findIndex(({ chosen }) => /^▁?(es|er|sie|它)$/.test(chosen.token));
  const choices = look.steps[Math.max(0, step)]!.choices.slice(0, 3).map(
    (choice) => `${shown(choice.token)} ${percent(choice.probability)}`,
  );
  const facts = {
    ...model,
    rows: look.source.tokens.length,
    query: query.text,
    key: attention.keys[key!]!.text,
    head,
    layer: model.encoder_layers,
    score: fixed(at(matrix(scores, head), query.tokens[0]!, token), 2),
    weight: percent(weights[key!]!),
    look: found
      ? t("worksheet.look", {
          head: found.head,
          layer: found.layer + 1,
          query: found.query.text,
          key: found.noun.text,
          share: percent(found.weight),
        })
      : t("tour.it.nowhere"),
    choices: choices.join(t("comma")),
    layout: t(`layout.${model.positions}`),
    root: fixed(Math.sqrt(model.d_k), 2),
  };
  return (
    <div class="view worksheet">
      <p class="no-print">
        <button type="button" class="plain strong" onClick={() => print()}>
          {t("worksheet.print")}
        </button>
      </p>
      <section>
        <h3>{t("worksheet.title")}</h3>
        <p>{look.source.text}</p>
        <ol class="ten">
          {TEN.map((n) => (
            <li>
              <Rich text={t(`ten.${n}`)} />
            </li>
          ))}
        </ol>
      </section>
      <section class="answers">
        <h3>{t("worksheet.answers", { name: model.name })}</h3>
        <ol class="ten">
          {TEN.map((n) => (
            <li>
              <Rich text={t(`ten.${n}.answer`, facts)} />
            </li>
          ))}
        </ol>
      </section>
    </div>
  );
}
