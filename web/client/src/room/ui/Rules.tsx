/** What shields the people of a meeting, in sentences: before the door and in the room. */
import { ShieldCheck } from "lucide";
import type { VNode } from "preact";
import type { Protection } from "../../generated/messages";
import type { Key } from "../../i18n";
import { useSession } from "./context";
import { Icon } from "./Icon";

/** The sentences that hold, in the order in which they matter to somebody who comes in. */
export function rulesOf({ hide_names, recording, held }: Protection): readonly Key[] {
  const found: Key[] = [];
  if (hide_names) found.push("rules.names");
  if (recording === "voices") found.push("rules.voices");
  if (recording === "never") found.push("rules.never");
  if (held && recording !== "never") found.push("rules.held");
  return found;
}

export function Rules({ protection, shown = "" }: { protection: Protection; shown?: string }): VNode | null {
  const { t } = useSession();
  const rules = rulesOf(protection);
  if (rules.length === 0 && !shown) return null;
  return (
    <div class="rules" data-testid="rules">
      <Icon node={ShieldCheck} size={20} />
      <ul>
        {shown && <li>{shown}</li>}
        {rules.map((rule) => (
          <li key={rule}>{t(rule)}</li>
        ))}
      </ul>
    </div>
  );
}
