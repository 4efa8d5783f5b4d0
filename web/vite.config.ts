/** One file: script, Worker and style stand inside index.html, so the page works from disk and asks nobody for anything. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build, defineConfig, type Plugin } from "vite";
import { WORDS } from "./src/words/words.ts";

/** What is there before the first picture (script and style), and what starts after it where a model comes with the page. */
const LIMITS = { "script + style": [200_000, 65_000], Worker: [60_000, 22_000] } as const;

/** The words of all languages are data, not script: a language more does not make the script larger, and the limits are the
 * script's and the style's. What the words add is printed beside them. */
const words = JSON.stringify(WORDS).replaceAll("<", "\\u003c");

/** The licences of what stands in the page's script, which ask to be kept with every copy: also with every saved page. */
const here = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8");
const others = Object.keys(JSON.parse(here("package.json")).dependencies as Record<string, string>);
const notices = others
  .map((name) => `${name}\n\n${here(`node_modules/${name}/LICENSE`).trim()}`)
  .join("\n\n")
  .replaceAll("--", "- -");

/** The Worker's script: the model in TypeScript, and the door to it. */
async function worker(): Promise<string> {
  const options = { entry: "src/worker/worker.ts", formats: ["iife" as const], name: "worker" };
  const made = await build({
    configFile: false,
    logLevel: "warn",
    build: { lib: options, write: false, target: "es2022", minify: true },
  });
  const [output] = [made].flat() as { output: { code?: string }[] }[];
  return inert(output!.output[0]!.code!.trim());
}

/** A script in which nothing ends the element that it stands in. */
const inert = (script: string): string => script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");

function oneFile(): Plugin {
  return {
    name: "one-file",
    enforce: "post",
    apply: "build",
    load(id) {
      return id.endsWith("/src/words/words.ts")
        ? 'export const WORDS = JSON.parse(document.getElementById("words").textContent);'
        : null;
    },
    async generateBundle(_, bundle) {
      const html = bundle["index.html"];
      if (html?.type !== "asset") throw new Error("no index.html in the bundle");
      let script = "";
      let style = "";
      for (const [name, part] of Object.entries(bundle)) {
        if (part.type === "chunk") script += part.code;
        else if (name.endsWith(".css")) style += String(part.source);
        if (name !== "index.html") delete bundle[name];
      }
      script = inert(script.trim());
      const model = await worker();
      const page = String(html.source)
        .replace(/\s*<script[^>]*src=[^>]*><\/script>/g, "")
        .replace(/\s*<link[^>]*rel="(?:stylesheet|modulepreload)"[^>]*>/g, "")
        .replace("</title>", () => `</title>\n    <!--\nThis page has in it:\n\n${notices}\n-->`)
        .replace("</head>", () => `<style>${style.trim()}</style>\n  </head>`)
        .replace(
          "</body>",
          () =>
            `<script type="application/json" id="words">${words}</script>\n    <script type="text/plain" id="worker">${model}</script>\n    <script>${script}</script>\n  </body>`,
        );
      if (!page.includes("<!--look-->")) throw new Error("the marker <!--look--> is gone");
      if (/(?:src|href)="(?!data:)/.test(page.replace(script, "").replace(model, "")))
        throw new Error("the page asks for another file");
      html.source = page;
      const sizes = { "script + style": script + style, Worker: model };
      const kB = (bytes: number) => (bytes / 1000).toFixed(1);
      const gzip = (text: string) => gzipSync(text, { level: 9 }).length;
      let all = 0;
      for (const [name, text] of Object.entries(sizes) as [keyof typeof sizes, string][]) {
        const [minified, gzipped] = [Buffer.byteLength(text), gzip(text)];
        const [most, mostGzipped] = LIMITS[name];
        const said = `${name}: ${kB(minified)} kB of ${kB(most)}, gzip ${kB(gzipped)} kB of ${kB(mostGzipped)}`;
        console.log(said);
        all += minified;
        if (minified > most || gzipped > mostGzipped) throw new Error(`too large: ${said}`);
      }
      const table = `${kB(all + Buffer.byteLength(words))} kB, gzip ${kB(gzip(script + model + style + words))} kB`;
      console.log(`all, with the words of all languages, which the limits leave out: ${table}`);
    },
  };
}

export default defineConfig({
  plugins: [oneFile()],
  oxc: {
    jsx: { runtime: "classic", pragma: "h", pragmaFrag: "Fragment" },
    jsxInject: `import { h, Fragment } from "preact"`,
  },
  server: { proxy: { "/api": process.env["GLASSFORMER"] ?? "http://127.0.0.1:8000" } },
  build: {
    outDir: "../src/glassformer/page/built",
    emptyOutDir: true,
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 1e9,
    target: "es2022",
    reportCompressedSize: false,
    rollupOptions: { output: { format: "iife" } },
  },
  test: { include: ["test/**/*.test.ts"], environment: "node", testTimeout: 60_000 },
} as Parameters<typeof defineConfig>[0]);
