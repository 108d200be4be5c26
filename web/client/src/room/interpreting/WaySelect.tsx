/** From which language into which. */
import type { VNode } from "preact";
import type { Interpreting } from "../../generated/messages";
import type { Meeting } from "../meeting/state";
import { useSession } from "../ui/context";
import type { Way } from "./acts";
import { ways } from "./channels";
import { languageName } from "./names";

interface Props {
  readonly meeting: Meeting;
  readonly label: string;
  readonly value: Interpreting | null;
  readonly choose: (way: Way | null) => void;
}

export function WaySelect({ meeting, label, value, choose }: Props): VNode {
  const session = useSession();
  const { t } = session;
  const name = (tag: string): string => languageName(t, session.language.value, tag);
  const all = ways(meeting);
  const at = all.findIndex(({ source, into }) => source === value?.source && into === value.into);
  return (
    <select
      class="input"
      aria-label={label}
      data-testid="way"
      value={String(at)}
      onChange={(event) => choose(all[Number(event.currentTarget.value)] ?? null)}
    >
      <option value="-1">{t("interpreters.noChannel")}</option>
      {all.map(({ source, into }, index) => (
        <option key={`${source} ${into}`} value={String(index)}>
          {name(source)} → {name(into)}
        </option>
      ))}
    </select>
  );
}
