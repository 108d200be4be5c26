import { useEffect } from "preact/hooks";
import { toggleCamera, toggleFullScreen, toggleHand, toggleMicrophone, toggleScreen } from "../actions";
import type { Session } from "../session";
import { toggleLayout } from "./layouts";
import { commandOf, isTyping, type Command } from "./shortcuts";

function run(session: Session, command: Command): void {
  const { view } = session;
  const commands: Readonly<Record<Command, () => void>> = {
    microphone: () => void toggleMicrophone(session),
    camera: () => void toggleCamera(session),
    screen: () => void toggleScreen(session),
    hand: () => void toggleHand(session),
    chat: () => view.togglePanel("chat"),
    people: () => view.togglePanel("people"),
    fullScreen: () => void toggleFullScreen(session),
    layout: () => toggleLayout(session),
    help: () => (view.dialog.value = "help"),
  };
  commands[command]();
}

/** Listens while the room is shown; a person may switch single keys off (WCAG 2.1.4). */
export function useShortcuts(session: Session): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (!session.view.shortcuts.value || isTyping(event.target)) return;
      const command = commandOf(event);
      if (!command) return;
      event.preventDefault();
      run(session, command);
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [session]);
}
