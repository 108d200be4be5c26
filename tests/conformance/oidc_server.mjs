// oidc-provider (a certified OpenID provider) on a loopback port of its own, with its development pages: any password
// signs in whoever is named. Arguments: node_modules, a JSON file {client_id, client_secret, redirect_uri, claims,
// accounts: {name: claims}}. Tells its port in a line; `rotate` on standard input changes its signing key.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

console.info = console.error; // its notices; standard output is for what we tell
const [modules, file] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(modules, path)).href);
const { Provider } = await load("oidc-provider/lib/index.js");
const { exportJWK, generateKeyPair } = await load("jose/dist/webapi/index.js");
const given = JSON.parse(readFileSync(file, "utf8"));

async function provider(issuer, number) {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: `key-${number}`, use: "sig", alg: "ES256" };
  const made = new Provider(issuer, {
    clients: [
      {
        client_id: given.client_id,
        client_secret: given.client_secret,
        redirect_uris: [given.redirect_uri],
        id_token_signed_response_alg: "ES256",
      },
    ],
    jwks: { keys: [key] },
    claims: { openid: ["sub"], ...given.claims },
    cookies: { keys: ["for tests"] },
    features: { devInteractions: { enabled: true } },
    pkce: { required: () => true },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: () => ({ sub, ...(given.accounts[sub] ?? {}) }),
    }),
  });
  return made.callback();
}

let answer = (_request, response) => response.writeHead(503).end();
const server = createServer((request, response) => answer(request, response));
server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address();
  const issuer = `http://127.0.0.1:${port}`;
  let number = 1;
  answer = await provider(issuer, number);
  process.stdout.write(`port ${port}\n`);
  const lines = createInterface({ input: process.stdin });
  lines.on("line", async () => {
    answer = await provider(issuer, ++number);
    process.stdout.write(`rotated ${number}\n`);
  });
  lines.on("close", () => process.exit(0));
});
