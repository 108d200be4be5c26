/** Names of languages, in the language of whoever reads. */
import type { Translate } from "../../i18n";
import type { Language } from "../config";

const SIGNED_NAMES = {
  ukl: "language.ukl",
  ils: "language.ils",
  ase: "language.ase",
  bfi: "language.bfi",
} as const;

export function languageName(t: Translate, language: Language, tag: string): string {
  if (tag in SIGNED_NAMES) return t(SIGNED_NAMES[tag as keyof typeof SIGNED_NAMES]);
  const name = new Intl.DisplayNames(language, { type: "language" }).of(tag) ?? tag;
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}
