import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { Ending } from "./Ending";
import { Lobby } from "./Lobby";
import { PreJoin } from "./prejoin/PreJoin";
import { Room } from "./Room";
import type { Session } from "./session";
import { SessionContext } from "./ui/context";
import { ToastList } from "./ui/ToastList";

export function App({ session }: { readonly session: Session }): VNode {
  useEffect(() => {
    if (session.config.autoJoin)
      void session.local.begin({ camera: true, microphone: true }).then(() => session.join());
  }, [session]);
  return (
    <SessionContext.Provider value={session}>
      <Phase session={session} />
      <ToastList />
    </SessionContext.Provider>
  );
}

function Phase({ session }: { readonly session: Session }): VNode {
  const { t, config } = session;
  const meeting = session.meeting.value;
  switch (session.phase.value) {
    case "in":
      if (meeting) return <Room meeting={meeting} />;
      break;
    case "lobby":
      return <Lobby />;
    case "over":
      return <Ending />;
    default:
      // On the way to another room the devices stay as they are: the preview would open them anew.
      if (!config.autoJoin && session.going.value === null) return <PreJoin />;
  }
  return (
    <main class="message" id="main">
      <h1>{config.title}</h1>
      <p role="status">
        {session.going.value ? t("groups.going", { room: session.going.value }) : t("prejoin.joining")}
      </p>
    </main>
  );
}
