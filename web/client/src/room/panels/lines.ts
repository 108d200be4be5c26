/** What stands in the chat, in order: lines that people wrote, and pictures that were taken. Pure. */
import type { ChatMessage, PictureTaken } from "../../generated/messages";
import type { Meeting } from "../meeting/state";

export type Entry =
  | { readonly key: string; readonly picture: PictureTaken; readonly line?: undefined }
  | { readonly key: string; readonly picture?: undefined; readonly line: ChatMessage; readonly follows: boolean };

/** Lines of one person within five minutes stand together under one name. */
function follows(before: ChatMessage | undefined, line: ChatMessage): boolean {
  return before?.participant === line.participant && before.to === line.to && line.at - before.at < 300;
}

export function inOrder({ chat, pictures }: Pick<Meeting, "chat" | "pictures">): readonly Entry[] {
  const found: Entry[] = [];
  const waiting = [...pictures];
  let before: ChatMessage | undefined;
  const passPictures = (until: number): void => {
    while (waiting[0] && waiting[0].at <= until) {
      const picture = waiting.shift() as PictureTaken;
      found.push({ key: `picture ${picture.at} ${picture.by}`, picture });
      before = undefined;
    }
  };
  for (const line of chat) {
    passPictures(line.at);
    found.push({ key: line.id, line, follows: follows(before, line) });
    before = line;
  }
  passPictures(Infinity);
  return found;
}
