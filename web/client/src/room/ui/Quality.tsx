/** Bars of connection quality; the words are in the label, so that colour is never alone. */
import type { VNode } from "preact";
import { useSession } from "./context";

export function Quality({ value }: { readonly value: number }): VNode {
  const { t } = useSession();
  const level = value >= 3 ? 3 : value >= 2 ? 2 : value >= 1 ? 1 : 0;
  const label = t(`quality.${level}`);
  return (
    <span class={`quality quality--${level}`} role="img" aria-label={label} title={label}>
      <i /> <i /> <i />
    </span>
  );
}
