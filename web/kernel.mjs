/** Makes src/transformer/kernel.ts from kernel.wat: `npm run kernel`. A test says that they are the same. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import wabt from "wabt";

const from = fileURLToPath(new URL("src/transformer/kernel.wat", import.meta.url));
const to = fileURLToPath(new URL("src/transformer/kernel.ts", import.meta.url));

/** The text of kernel.ts. */
export async function assembled() {
  const source = (await wabt()).parseWat("kernel.wat", readFileSync(from, "utf8"), { simd: true });
  const bytes = Buffer.from(source.toBinary({ write_debug_names: false }).buffer).toString("base64");
  return `/** Assembled from kernel.wat by \`npm run kernel\`. Do not edit. */\nexport const KERNEL =\n  "${bytes}";\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(to, await assembled());
