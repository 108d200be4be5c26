/** What the page gives to its script: the language, the sentences, the CSRF token. */

interface EndpointConfig {
  language: string;
  csrf: string;
  site: string;
  words: Record<string, string>;
}

const element = document.getElementById("endpoint-config");

export const config = JSON.parse(element?.textContent ?? "{}") as EndpointConfig;
export const words = config.words;

/** A sentence with its placeholders filled in. */
export function say(key: string, values: Record<string, string> = {}): string {
  return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), words[key] ?? "");
}
