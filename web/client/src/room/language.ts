/** Which language the pages and the room speak to this person. */
import type { Language } from "./config";

export const LANGUAGES: readonly { readonly code: Language; readonly name: string }[] = [
  { code: "uk", name: "Українська" },
  { code: "en", name: "English" },
];

/** For the browser and for the site's next pages: the server remembers it in a cookie. */
export function keepLanguage(language: Language): void {
  document.documentElement.lang = language;
  // The answer is a redirection to a page nobody needs; the cookie comes with it. Without it the room still speaks.
  fetch(`/language/${language}`, { redirect: "manual" }).catch(() => undefined);
}
