/** Sentences of the browser client. `uk.ts` is the original: its keys are the keys. */
import { en } from "./en";
import { uk } from "./uk";

export type Key = keyof typeof uk;
/** A sentence with `{name}` placeholders, or its plural forms, chosen by the placeholder `count`. */
export type Sentence =
  | string
  | { readonly one: string; readonly few?: string; readonly many?: string; readonly other: string };
export type Catalogue = Readonly<Record<Key, Sentence>>;
export type Values = Readonly<Record<string, string | number>>;
export type Translate = (key: Key, values?: Values) => string;

export const catalogues: Readonly<Record<"uk" | "en", Catalogue>> = { uk, en };

export function translator(language: "uk" | "en"): Translate {
  const catalogue = catalogues[language];
  const plurals = new Intl.PluralRules(language);
  return (key, values = {}) => {
    const sentence = catalogue[key];
    const text = typeof sentence === "string" ? sentence : form(sentence, plurals.select(Number(values["count"] ?? 0)));
    return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => String(values[name] ?? placeholder));
  };
}

function form(sentence: Exclude<Sentence, string>, rule: Intl.LDMLPluralRule): string {
  const forms: Readonly<Partial<Record<Intl.LDMLPluralRule, string>>> = sentence;
  return forms[rule] ?? sentence.other;
}
