/** In a group: its task and the way back. In the main room: the way to one's group. Everywhere: when groups close. */
import { ArrowLeft, ArrowRight, Network } from "lucide";
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { groupOf, groupTitle, offerOf, secondsLeft } from "./meeting/groups";
import type { Meeting } from "./meeting/state";
import { useSession } from "./ui/context";
import { Icon } from "./ui/Icon";

export function GroupStrip({ meeting }: { readonly meeting: Meeting }): VNode | null {
  const session = useSession();
  const { t } = session;
  const { groups } = meeting;
  if (!groups?.open) return null;
  const here = groupOf(groups, groups.here);
  const mine = offerOf(groups)?.mine ?? null;
  const closing = groups.closes_at !== null;
  if (!here && !mine && !closing) return null;
  return (
    <section class="groupstrip" aria-label={t("groups.title")} data-testid="group-strip">
      <p class="visually-hidden" role="status">
        {closing ? t(here ? "groups.soonHere" : "groups.soon") : ""}
      </p>
      <Icon node={Network} size={18} />
      <div class="groupstrip__what">
        {here && (
          <>
            <strong>{groupTitle(here)}</strong>
            {here.task && <span class="groupstrip__task">{here.task}</span>}
          </>
        )}
        {!here && mine && <span>{t("groups.yoursIs", { group: groupTitle(mine) })}</span>}
        {closing && <Countdown meeting={meeting} />}
      </div>
      {here && (
        <button type="button" class="button button--small" data-testid="group-home" onClick={() => session.home()}>
          <Icon node={ArrowLeft} size={16} /> {t("groups.home")}
        </button>
      )}
      {!here && mine && (
        <button type="button" class="button button--small" onClick={() => void session.visit(mine)}>
          {t("groups.go")} <Icon node={ArrowRight} size={16} />
        </button>
      )}
    </section>
  );
}

function Countdown({ meeting }: { readonly meeting: Meeting }): VNode | null {
  const { t, skew } = useSession();
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const clock = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(clock);
  }, []);
  const left = secondsLeft(meeting.groups, now + skew);
  if (left === null) return null;
  return (
    <span class="groupstrip__left" aria-hidden="true" data-testid="group-countdown">
      {t("groups.left", { count: left })}
    </span>
  );
}
