import { defineConfig } from "vite";

/** Server behind `npm run dev`: `fmz demo` on its default address. */
const server = "http://127.0.0.1:7880";

export default defineConfig({
  base: "/",
  // Files stay files: the page's policy allows no data: addresses.
  build: { target: "es2022", assetsInlineLimit: 0, sourcemap: false, modulePreload: { polyfill: false } },
  server: { proxy: { "/api": server, "/ws": { target: server, ws: true } } },
});
