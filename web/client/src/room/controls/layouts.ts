import { onStage, presented } from "../stage/tiles";
import type { Session } from "../session";

/** From the large picture to the grid and back, whatever made the picture large. */
export function toggleLayout(session: Session): void {
  const { view } = session;
  const meeting = session.meeting.value;
  if (!meeting) return;
  const wish = {
    pinned: view.pinned.value,
    layout: view.layout.value,
    screenInGrid: view.screenInGrid.value,
    lastSpeaker: session.lastSpeaker.value,
  };
  const large = onStage(meeting, wish) !== null;
  view.pinned.value = null;
  view.page.value = 0;
  view.layout.value = large ? "grid" : "speaker";
  view.screenInGrid.value = large && presented(meeting).length > 0;
}
