/** What one hears: the room as it is spoken, or an interpreter with the room quietly below; and the signing picture. */
import type { VNode } from "preact";
import { useSession } from "../ui/context";
import { Dialog } from "../ui/Dialog";
import type { Meeting } from "../meeting/state";
import { heardLanguages, languages, ROOM_OFF, SIGNED } from "./channels";
import { languageName } from "./names";

export function LanguageDialog({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t, view } = session;
  const here = new Set(heardLanguages(meeting));
  const channel = view.channel.value;
  const known = languages(meeting).filter((tag) => !SIGNED.includes(tag) && (here.has(tag) || tag === channel));
  const current = known.includes(channel) ? channel : "";
  return (
    <Dialog title={t("language.title")} onClose={() => (view.dialog.value = null)}>
      <fieldset class="choice choice--column">
        <legend class="field__label">{t("language.hear")}</legend>
        {["", ...known].map((tag) => (
          <label key={tag} class="choice__one" data-testid={`hear-${tag || "original"}`}>
            <input
              type="radio"
              name="channel"
              value={tag}
              checked={current === tag}
              onChange={() => view.setChannel(tag)}
            />
            <span>
              {tag ? languageName(t, session.language.value, tag) : t("language.original")}
              {tag && !here.has(tag) && <span class="choice__note"> {t("language.away")}</span>}
            </span>
          </label>
        ))}
        {known.length === 0 && <p class="sheet__note">{t("language.nobody")}</p>}
      </fieldset>
      {current !== "" && <RoomLevel />}
      {meeting.state.channels.some((tag) => SIGNED.includes(tag)) && (
        <label class="switch">
          <span>
            <span class="switch__label">{t("language.sign")}</span>
            <span class="switch__hint">{t("language.signHint")}</span>
          </span>
          <input
            type="checkbox"
            role="switch"
            checked={view.sign.value}
            onChange={(event) => view.setSign(event.currentTarget.checked)}
          />
        </label>
      )}
    </Dialog>
  );
}

/** How loud the room is below the interpreter; at the left end it is off. */
function RoomLevel(): VNode {
  const { t, view } = useSession();
  const level = view.roomLevel.value;
  const said = level <= ROOM_OFF ? t("language.roomOff") : t("language.decibels", { level });
  return (
    <label class="field level">
      <span class="field__label">{t("language.room")}</span>
      <span class="level__line">
        <input
          type="range"
          min={ROOM_OFF}
          max={0}
          step={3}
          value={level}
          aria-valuetext={said}
          data-testid="room-level"
          onInput={(event) => view.setRoomLevel(Number(event.currentTarget.value))}
        />
        <output>{said}</output>
      </span>
    </label>
  );
}
