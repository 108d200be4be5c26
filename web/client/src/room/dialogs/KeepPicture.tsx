/** A still picture before it is kept: how it looks, and its caption. */
import type { VNode } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { jpegOf, LONGEST_CAPTION, PictureRefused, sendPicture, type Still } from "../pictures/picture";
import { useSession } from "../ui/context";
import { Dialog } from "../ui/Dialog";

export function KeepPicture({ still }: { readonly still: Still }): VNode {
  const session = useSession();
  const { t, view, config, toasts } = session;
  const [caption, setCaption] = useState(still.caption);
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const hint = useId();
  useEffect(() => field.current?.select(), []);
  const close = (): void => {
    view.still.value = null;
  };
  const keep = async (): Promise<void> => {
    setBusy(true);
    setFailure("");
    try {
      await sendPicture(
        config,
        session.meeting.value?.self ?? "",
        still,
        await jpegOf(still.canvas),
        caption,
        session.room.value,
      );
      close();
      toasts.say(t("picture.kept"));
    } catch (error) {
      setFailure((error instanceof PictureRefused && error.message) || t("picture.failed"));
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("picture.title")} wide onClose={close}>
      {failure && (
        <p class="rollcall__failure" role="alert">
          {failure}
        </p>
      )}
      <Preview still={still} />
      <form
        class="picture"
        onSubmit={(event) => {
          event.preventDefault();
          void keep();
        }}
      >
        <label class="field">
          <span class="field__label">{t("picture.caption")}</span>
          <input
            class="input"
            ref={field}
            required
            maxLength={LONGEST_CAPTION}
            value={caption}
            aria-describedby={hint}
            data-testid="picture-caption"
            onInput={(event) => setCaption(event.currentTarget.value)}
          />
        </label>
        <p class="sheet__note" id={hint}>
          {t("picture.hint")}
        </p>
        <div class="sheet__actions">
          <button type="button" class="button" onClick={close}>
            {t("picture.discard")}
          </button>
          <button
            type="submit"
            class="button button--primary"
            aria-busy={busy}
            disabled={busy}
            data-testid="picture-keep"
          >
            {t("picture.keep")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** The canvas itself, as large as the dialog allows. */
function Preview({ still }: { readonly still: Still }): VNode {
  const { t } = useSession();
  const frame = useRef<HTMLDivElement>(null);
  const { canvas } = still;
  useEffect(() => {
    frame.current?.replaceChildren(canvas);
  }, [canvas]);
  const label = t("picture.preview", { width: canvas.width, height: canvas.height });
  return <div class="picture__preview" ref={frame} role="img" aria-label={label} data-testid="picture-preview" />;
}
