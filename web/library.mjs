/** `node library.mjs FOLDER`: the page's Transformer as FOLDER/library.mjs, for benchmarks/page_onnx.py. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const folder = process.argv[2];
const source = (name) => JSON.stringify(fileURLToPath(new URL(`src/transformer/${name}.ts`, import.meta.url)));
const entry = `${folder}/entry.ts`;
const parts = { Products: "products", readModel: "weights", Transformer: "transformer" };
writeFileSync(
  entry,
  Object.entries(parts)
    .map(([name, file]) => `export { ${name} } from ${source(file)};\n`)
    .join(""),
);
await build({
  configFile: false,
  logLevel: "warn",
  build: {
    lib: { entry, formats: ["es"], fileName: () => "library.mjs" },
    outDir: folder,
    emptyOutDir: false,
    target: "es2022",
  },
});
