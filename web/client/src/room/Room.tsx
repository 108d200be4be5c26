/** The meeting: pictures, bar, panels. */
import type { VNode } from "preact";
import { Banner } from "./Banner";
import { Bar } from "./controls/Bar";
import { useShortcuts } from "./controls/useShortcuts";
import { ConsentDialog } from "./dialogs/Consent";
import { GoLiveDialog } from "./dialogs/GoLive";
import { Groups } from "./dialogs/Groups";
import { Help } from "./dialogs/Help";
import { KeepPicture } from "./dialogs/KeepPicture";
import { Leave } from "./dialogs/Leave";
import { Remove } from "./dialogs/Remove";
import { SecondCameraDialog } from "./dialogs/SecondCamera";
import { Settings } from "./dialogs/Settings";
import { WhoIsHere } from "./dialogs/WhoIsHere";
import { YourGroup } from "./dialogs/YourGroup";
import { GroupStrip } from "./GroupStrip";
import { InterpretersDialog } from "./interpreting/InterpretersDialog";
import { LanguageDialog } from "./interpreting/LanguageDialog";
import { InterpretingStrip } from "./interpreting/Strip";
import type { Meeting } from "./meeting/state";
import { Chat } from "./panels/Chat";
import { People } from "./panels/People";
import { Questions } from "./panels/Questions";
import { Transcript } from "./panels/Transcript";
import { AudioSinks } from "./stage/AudioSinks";
import { Captions } from "./stage/Captions";
import { Stage } from "./stage/Stage";
import { TopBar } from "./TopBar";
import { useSession } from "./ui/context";

export function Room({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { view } = session;
  useShortcuts(session);
  const panel = view.panel.value;
  const dialog = view.dialog.value;
  const removing = meeting.participants.get(view.removing.value ?? "");
  return (
    <div class={panel ? "meeting meeting--panel" : "meeting"}>
      <TopBar meeting={meeting} />
      <GroupStrip meeting={meeting} />
      <Banner />
      <main class="meeting__stage" id="main">
        <Stage meeting={meeting} />
        <Captions meeting={meeting} />
      </main>
      {panel === "chat" && <Chat meeting={meeting} />}
      {panel === "questions" && <Questions meeting={meeting} />}
      {panel === "captions" && <Transcript meeting={meeting} />}
      {panel === "people" && <People meeting={meeting} />}
      <div class="foot">
        <InterpretingStrip meeting={meeting} />
        <Bar meeting={meeting} />
      </div>
      <AudioSinks />
      {dialog === "settings" && <Settings />}
      {dialog === "help" && <Help />}
      {dialog === "whoIsHere" && <WhoIsHere />}
      {dialog === "groups" && <Groups meeting={meeting} />}
      {dialog === "yourGroup" && <YourGroup meeting={meeting} />}
      {dialog === "secondCamera" && <SecondCameraDialog />}
      {dialog === "goLive" && <GoLiveDialog meeting={meeting} />}
      {dialog === "language" && <LanguageDialog meeting={meeting} />}
      {dialog === "interpreters" && <InterpretersDialog meeting={meeting} />}
      {dialog === "consent" && <ConsentDialog meeting={meeting} />}
      {view.still.value && <KeepPicture still={view.still.value} />}
      {dialog === "leave" && <Leave meeting={meeting} />}
      {removing && <Remove person={removing} />}
    </div>
  );
}
