// Makes the application beside it with one bundler, as a user would: hardly any configuration, and none
// that is about this package. Copied to build/bundlers by its test, where the bundlers are installed.
//
//   node make.mjs BUNDLER [dev|script]    prints the address of Vite's server, or the folder of what was built
//
// A server runs until its standard input ends.

import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [bundler, mode = "build"] = process.argv.slice(2);
// A folder for each run, so that several may run at once.
const app = here(`./apps/${bundler}-${mode}`);
const out = `${app}/dist`;
rmSync(app, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const file of ["app.js", "index.html"]) copyFileSync(here(`./app/${file}`), `${app}/${file}`);

/** A page that loads what was built from it; for bundlers that make no pages. */
const usePage = () => copyFileSync(`${app}/index.html`, `${out}/index.html`);

/** @type {Record<string, () => Promise<string>>} */
const builders = {
  "vite-6": () => useVite("vite-6"),
  "vite-8": () => useVite("vite-8"),

  async webpack() {
    const { default: webpack } = await import("webpack");
    const compiler = webpack({
      ...{ mode: "production", context: app, entry: "./app.js" },
      output: { path: out, filename: "app.js" },
      performance: { hints: false },
    });
    const stats = await new Promise((resolve, reject) =>
      compiler.run((error, result) => (error ? reject(error) : resolve(result))),
    );
    if (stats.hasErrors() || stats.hasWarnings())
      throw new Error(stats.toString("errors-warnings"));
    usePage();
    return out;
  },

  async parcel() {
    const { Parcel } = await import("@parcel/core");
    const parcel = new Parcel({
      ...{ entries: `${app}/index.html`, defaultConfig: "@parcel/config-default" },
      ...{ mode: "production", shouldDisableCache: true, cacheDir: `${app}/cache` },
      defaultTargetOptions: { distDir: out, publicUrl: "./" },
    });
    await parcel.run();
    return out;
  },

  async rollup() {
    const { rollup } = await import("rollup");
    const { nodeResolve } = await import("@rollup/plugin-node-resolve");
    const bundle = await rollup({
      input: `${app}/app.js`,
      plugins: [nodeResolve({ browser: true })],
      onwarn: ({ message }) => {
        throw new Error(message);
      },
    });
    await bundle.write({ dir: out, format: "es" });
    usePage();
    return out;
  },

  async esbuild() {
    const { build } = await import("esbuild");
    const isScript = mode === "script"; // which has no address of its own, and is one file
    const { warnings } = await build({
      ...{ entryPoints: [`${app}/app.js`], outdir: out, bundle: true, splitting: !isScript },
      ...{ format: isScript ? "iife" : "esm", logLevel: "error" },
    });
    const others = warnings.filter(({ id }) => !isScript || id !== "empty-import-meta");
    if (others.length > 0) throw new Error(JSON.stringify(others));
    usePage();
    return out;
  },
};

/** @param {string} name which of the two versions */
async function useVite(name) {
  const { build, createServer } = await import(name);
  const common = { root: app, configFile: false, logLevel: "warn", cacheDir: `${app}/cache` };
  if (mode === "build") {
    await build({ ...common, base: "./", build: { outDir: out } });
    return out;
  }
  const server = await createServer({ ...common, server: { host: "127.0.0.1", port: 0 } });
  await server.listen();
  process.stdin.on("end", () => server.close().then(() => process.exit())).resume();
  return server.resolvedUrls.local[0];
}

console.log(await builders[bundler]());
