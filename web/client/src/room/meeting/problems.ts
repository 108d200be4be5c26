/** The sentence for a problem that the server names by its code. */
import type { Problem } from "../../generated/messages";
import { catalogues, type Key, type Translate } from "../../i18n";

export function problemText(t: Translate, problem: Problem): string {
  const key = `problem.${problem.code}`;
  if (key in catalogues.uk) return t(key as Key);
  return problem.detail || problem.title || t("problem.unknown");
}
