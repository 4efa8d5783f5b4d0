/** The shared parts of the pictures of matrices: where one stands, the same as a table, and what is said where numbers are missing. */
import { shown, path } from "../../numbers/attention";
import { at, type Matrix } from "../../numbers/data";
import { fixed } from "../../draw/number";
import { inputName, layerOf, type Page, tokenOf, usePage } from "../../state/page";
import { Twin } from "./controls";

export interface Place {
  page: Page;
  name: string;
  head: number;
  /** Labels of the rows that look and of those that are looked at. */
  queries: string[];
  keys: string[];
  row: number;
  /** The window that comes in, what it is called, and what it was before a norm. */
  x: string;
  input: string;
  first: boolean;
  memory: string;
}

export function placeOf(page: Page): Place {
  const { state, look } = page;
  const layer = layerOf(page);
  const name = path(state.side, layer);
  const station = look.stations.find((one) => one.name === name);
  const [asks, told] = {
    encoder: [look.source, look.source],
    decoder: [look.target, look.target],
    cross: [look.target, look.source],
  }[state.side] as [typeof look.source, typeof look.source];
  return {
    page,
    name,
    head: Math.min(state.head, look.model.heads - 1),
    queries: asks.tokens.map(shown),
    keys: told.tokens.map(shown),
    row: tokenOf(state, look),
    x: station?.input ?? "",
    input: station ? inputName(station) : "",
    first: station?.residual.endsWith(".input.x") ?? false,
    memory: station?.memory ?? "",
  };
}

export function MatrixTwin({
  labels,
  columns,
  matrix: m,
  axis,
}: {
  labels: string[];
  columns?: string[];
  matrix: Matrix;
  axis: string;
}) {
  const { t } = usePage();
  const cols = Math.min(m.cols, 64);
  const head = [t("axis.words"), ...Array.from({ length: cols }, (_, col) => columns?.[col] ?? `${col}`)];
  const rows = () =>
    labels.map((label, row) => [label, ...Array.from({ length: cols }, (_, col) => fixed(at(m, row, col), 3))]);
  return <Twin label={m.cols > cols ? t("table.first", { n: cols, axis }) : t("table")} head={head} rows={rows} />;
}

/** Numbers that are on their way, or that did not travel with a saved file: of long sentences not all that a row has. */
export function Missing({ names, page: { numbers, t } }: { names: string[]; page: Page }) {
  const cut = names.filter((name) => numbers.window(name)?.storage === "top");
  const absent = names.filter((name) => !numbers.has(name));
  if (absent.length) return <p class="note">{t("missing", { names: absent.join(", ") })}</p>;
  if (cut.length) return <p class="note">{t("missing.cut", { names: cut.join(", ") })}</p>;
  return names.some(numbers.failedFor) ? null : <p class="loading">{t("loading")}</p>; // the page's head says what failed
}
