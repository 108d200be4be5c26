/** The check's answer in a sentence, with the remedy. */
import { CircleAlert, CircleCheck, LoaderCircle, RotateCw, TriangleAlert } from "lucide";
import type { VNode } from "preact";
import { problemText } from "../meeting/problems";
import { useSession } from "../ui/context";
import { Icon, type IconNode } from "../ui/Icon";
import type { CheckResult } from "./check";

const ICONS: Readonly<Record<CheckResult["kind"], IconNode>> = {
  checking: LoaderCircle,
  good: CircleCheck,
  slow: TriangleAlert,
  noSignal: CircleAlert,
  noMedia: CircleAlert,
  refused: CircleAlert,
};

export function CheckAnswer({ result, again }: { readonly result: CheckResult; readonly again: () => void }): VNode {
  const { t } = useSession();
  const failed = result.kind === "noSignal" || result.kind === "noMedia" || result.kind === "slow";
  return (
    <div class={`check-answer check-answer--${result.kind}`} role="status" data-check={result.kind}>
      <Icon node={ICONS[result.kind]} size={20} />
      <span>{sentence(result, t)}</span>
      {failed && (
        <button type="button" class="button button--small" onClick={again}>
          <Icon node={RotateCw} size={16} /> {t("check.again")}
        </button>
      )}
    </div>
  );
}

function sentence(result: CheckResult, t: ReturnType<typeof useSession>["t"]): string {
  if (result.kind === "refused") return problemText(t, result.problem);
  if (result.kind === "good" || result.kind === "slow") return t(`check.${result.kind}`, { ms: result.roundTrip });
  return t(`check.${result.kind}`);
}
