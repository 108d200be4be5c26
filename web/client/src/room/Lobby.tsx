/** Waiting to be let in. */
import { Hourglass } from "lucide";
import type { VNode } from "preact";
import { useSession } from "./ui/context";
import { Icon } from "./ui/Icon";

export function Lobby(): VNode {
  const session = useSession();
  const { t } = session;
  return (
    <main class="message" id="main">
      <Icon node={Hourglass} size={44} />
      <h1>{session.lobbyTitle.value || session.config.title}</h1>
      <p role="status">{t("lobby.text")}</p>
      <div class="message__actions">
        <button type="button" class="button" onClick={() => session.leave()}>
          {t("lobby.leave")}
        </button>
      </div>
    </main>
  );
}
