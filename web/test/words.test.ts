/** What the table of words may say: the terms of the textbooks, no leftovers, the marks of each language. */
import { expect, test } from "vitest";
import { WORDS } from "../src/words/words";

const rows = Object.entries(WORDS).filter(([key]) => !/^(gloss\.(de|en)|examples)/.test(key));
const chinese = rows.map(([key, [, zh]]) => [key, zh] as const);
const all = (column: 0 | 1) => rows.map(([, row]) => row[column]).join("\n");

/** Without links, placeholders and code. */
const prose = (text: string): string =>
  text
    .replace(/\]\([^)]*\)/g, "]")
    .replace(/\{\w+\}/g, "N")
    .replace(/[?#][\w=&]+/g, "");

test("Chinese has full-width marks", () => {
  const wrong = chinese.filter(
    ([key, text]) =>
      !["percent"].includes(key) &&
      (/[\u4e00-\u9fff”] ?[,:;!?](?!\d)|[\u4e00-\u9fff]\.(\s|$)|[，。：；、！？] (?!\[)/.test(prose(text)) ||
        / %/.test(text)),
  );
  expect(wrong).toEqual([]);
});

test("Chinese uses the terms of the textbooks", () => {
  for (const term of [
    "查询",
    "键",
    "值",
    "自注意力",
    "多头",
    "交叉注意力",
    "掩码",
    "层归一化",
    "残差",
    "词元",
    "编码器输出",
    "贪心",
    "束搜索",
    "对数概率",
    "训练",
  ])
    expect(all(1)).toContain(term);
  for (const leftover of ["两半（论文指数", "最说明问题", "被看的词（key", "允许看谁\n", "第几步", "免得"])
    expect(all(1)).not.toContain(leftover);
  for (const [key, text] of chinese) // in brackets beside the Chinese word, never alone
    expect([
      key,
      prose(text)
        .replace(/（[^）]*）/g, "")
        .match(/\b(query|queries|keys?|values?|layer|head|step|memory)\b/i)?.[0],
    ]).toEqual([key, undefined]);
});

test("nothing is called by a program's name, and nothing is bright that may be dark", () => {
  for (const word of ["Marian", "Tensor2Tensor", "halves, exact", "is bright"]) expect(all(0)).not.toContain(word);
});

test("a transpose and a root are set by the page, not typed", () => {
  expect(`${all(0)}${all(1)}`).not.toMatch(/ᵀ|√dₖ|e\^x/);
});

test("both languages fill in the same things", () => {
  const names = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();
  for (const [key, [en, zh]] of rows) expect([key, names(zh)]).toEqual([key, names(en)]);
});
