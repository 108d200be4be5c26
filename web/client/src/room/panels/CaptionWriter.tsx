/** Where captions are written: Enter ends a line, and while one writes the others see the draft. */
import type { VNode } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Language } from "../config";
import { caption } from "../actions";
import { useSession } from "../ui/context";
import { broken } from "../words/captions";

const PAUSE_MS = 500;
/** Somebody who types without a pause is seen all the same. */
const LATEST_MS = 1500;
const MOST_CHARACTERS = 300;

export function CaptionWriter(): VNode {
  const session = useSession();
  const { t, view } = session;
  const hint = useId();
  const [text, setText] = useState("");
  const drafted = useRef({ text: "", at: 0 });
  const language = view.writtenLanguage.value;

  useEffect(() => {
    if (text.trim() === drafted.current.text) return undefined;
    const waited = Date.now() - drafted.current.at;
    const draft = setTimeout(
      () => {
        drafted.current = { text: text.trim(), at: Date.now() };
        void caption(session, text.trim(), language, false);
      },
      Math.min(PAUSE_MS, Math.max(0, LATEST_MS - waited)),
    );
    return () => clearTimeout(draft);
  }, [text, language]);

  const finish = async (line: string, rest: string): Promise<void> => {
    drafted.current = { text: "", at: Date.now() };
    setText(rest);
    // What could not be sent is not lost: it comes back before what was typed since.
    if (!(await caption(session, line, language, true))) setText((since) => `${line} ${since}`.trim());
  };
  const write = (typed: string): void => {
    const cut = broken(typed);
    if (cut) void finish(cut.line, cut.rest);
    else setText(typed);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && text) {
      event.stopPropagation();
      setText("");
    }
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    if (text.trim()) void finish(text.trim(), "");
  };
  return (
    <div class="composer caption-writer">
      <label class="composer__to">
        <span>{t("captions.writeIn")}</span>
        <select
          value={language}
          onChange={(event) => view.setWrittenLanguage(event.currentTarget.value as Language)}
        >
          <option value="uk">{t("captions.uk")}</option>
          <option value="en">{t("captions.en")}</option>
        </select>
      </label>
      <input
        class="input"
        data-testid="caption-input"
        lang={language}
        maxLength={MOST_CHARACTERS}
        autocomplete="off"
        value={text}
        aria-label={t("captions.write")}
        aria-describedby={hint}
        placeholder={t("captions.write")}
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <p class="composer__hint" id={hint}>
        {t("captions.writeHint")}
      </p>
    </div>
  );
}
