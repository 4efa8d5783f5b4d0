/** `node tokens.mjs MODEL < LINES`: how the page's tokenizer cuts lines. MODEL is a model's file, LINES a JSON list of texts; a
 * JSON list of lists of ids comes out. For benchmarks/page_equal.py. */
import { readFileSync } from "node:fs";
import { runnerImport } from "vite";

const source = async (name) => (await runnerImport(`./src/${name}.ts`, { configFile: false })).module;
const { Products } = await source("transformer/products");
const { readModel } = await source("transformer/weights");
const { Tokenizer } = await source("text/tokenizer");
const { header, tokenizer } = await readModel(new Uint8Array(readFileSync(process.argv[2])).buffer, new Products());
const cutter = new Tokenizer(tokenizer, header.special);
const lines = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(lines.map((line) => cutter.encode(line))));
